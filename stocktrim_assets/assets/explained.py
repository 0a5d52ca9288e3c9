"""Explained: how the number of one product was made, whenever somebody asks.

Read more in docs/operations.md.
"""

from typing import Any, Final

import dagster as dg
import polars as pl
from pydantic import Field

from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.replenishment.explain.product_explanation import (
    SOURCES,
    ExplanationSources,
    explain_product,
    most_urgent,
)
from pipelines.storage.snapshots import read_published
from stocktrim_assets.failures import plain_failures
from stocktrim_assets.partitions import organisations
from stocktrim_assets.reports import explanation_text
from stocktrim_assets.specs import PURCHASING_TEAM, key_of

TRANSACTIONS_SHOWN: Final = 1000


class ExplainRequest(dg.Config):
    """The product to explain."""

    product_code: str = Field(
        default="", description="The product's code, as Xero has it; without one the most urgent product is explained."
    )


@dg.asset(
    key=["plan", "explained_product"],
    description=(
        "Explain one product of the newest plan, without planning again: materialize it, give the product's code, and "
        "read the explanation among its metadata."
    ),
    deps=[key_of(table) for table in SOURCES],
    group_name="plan",
    kinds={"polars", "python"},
    owners=[PURCHASING_TEAM],
    partitions_def=organisations,
)
def explained_product(
    config: ExplainRequest, organisation: dg.ResourceParam[OpenOrganisation]
) -> dg.MaterializeResult[Any]:
    """Explain a product from what is published, as `stocktrim explain` does."""
    with plain_failures():
        sources = ExplanationSources(*read_published(organisation.folder, *SOURCES))
        explanation = explain_product(sources, config.product_code.strip() or product_to_explain(sources.order_plan))
    return dg.MaterializeResult(
        metadata={
            "product": explanation.plan.product_code,
            "plan": explanation.plan.plan_id,
            "order quantity": f"{explanation.plan.order_quantity:g}",
            "explanation": dg.MetadataValue.md(explanation_text(explanation, transactions_shown=TRANSACTIONS_SHOWN)),
        }
    )


def product_to_explain(order_plan: pl.DataFrame) -> str:
    """The product whose order is most urgent, or the first of all if nothing is ordered: explained without a code."""
    lines = pl.concat([most_urgent(order_plan, lines=1), order_plan.head(1)])
    return str(lines["product_code"].first() or "")
