"""`stocktrim explain`: how one product's number was made.

Read more in docs/maths.md.
"""

from typing import Annotated, Any

import typer

from stocktrim_cli.output import out, show_json, show_table
from stocktrim_cli.runs import DEFAULT_ORGANISATION, JsonOption, OrganisationOption

TRANSACTIONS_SHOWN = 10
TRANSACTION = (
    "demand_date", "invoice_number", "product_code", "status", "customer_name", "sold_quantity", "credited_quantity",
    "counted_quantity",
)  # fmt: skip
OPEN_ORDER = (
    "purchase_order_number", "ordered_product_code", "quantity", "expected_arrival_date", "reckoned_arrival_date",
    "is_counted", "rule",
)  # fmt: skip


def explain(
    product_code: Annotated[str, typer.Argument(metavar="PRODUCT_CODE", help="The product's code.")],
    *,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Explain a product's line of the plan: the bridge, the forecast behind it, the stock that follows, the settings.

    Example: `stocktrim explain P-0001`
    """
    from pipelines.replenishment.explain.product_explanation import SOURCES, ExplanationSources, explain_product
    from pipelines.settings import read_settings
    from pipelines.storage.snapshots import read_published

    folder = read_settings().organisation_folder(organisation)
    told = explain_product(ExplanationSources(*read_published(folder, *SOURCES)), product_code)
    if as_json:
        show_json(told)
        return
    _show(told)


def _show(told: dict[str, Any]) -> None:
    row = told["plan"]
    supplier = row["supplier_name"] or "no supplier"
    show_table(
        f"{row['product_code']}  {row['product_name']}  ({supplier}), as of {row['as_of_date']}",
        ["", "what", "pieces"], [list(step.values()) for step in told["bridge"]], numbers=["pieces"],
    )  # fmt: skip
    for sentence in told["sentences"]:
        out.print(sentence, markup=False)
    _show_demand(told)
    show_table(
        "An order may take", ["days", "chance"],
        [[one["lead_time_days"], f"{one['weight']:.0%}"] for one in told["lead_times"]], numbers=["days", "chance"],
    )  # fmt: skip
    show_table(
        "Open orders", ["order", "ordered as", "pieces", "promised", "reckoned with", "counts", "rule"],
        [[one[name] for name in OPEN_ORDER] for one in told["open_orders"]], numbers=["pieces"],
    )  # fmt: skip
    show_table(
        "Projected stock at the expected pace, with this order", ["week from", "arrives", "sells", "left"],
        [list(one.values()) for one in told["projected_stock"]], numbers=["arrives", "sells", "left"],
    )  # fmt: skip
    show_table("Settings", ["setting", "value", "set at"], [list(one.values()) for one in told["settings"]])
    show_table(
        f"The latest of {len(told['transactions'])} sales lines behind it; --json lists all",
        ["day", "invoice", "sold as", "status", "customer", "sold", "credited", "counts"],
        [[one[name] for name in TRANSACTION] for one in told["transactions"][:TRANSACTIONS_SHOWN]],
        numbers=["sold", "credited", "counts"],
    )  # fmt: skip


def _show_demand(told: dict[str, Any]) -> None:
    """What was sold, which model speaks for it, and how likely each demand of the horizon is."""
    from pipelines.replenishment.explain.bridge import SAVED_TITLE, model_sentence, saved_in_words
    from pipelines.replenishment.explain.product_explanation import CHANCES_TOLD

    show_table(
        "Sold by month", ["month", "pieces", "days out of stock"], [list(one.values()) for one in told["sales"]],
        numbers=["pieces", "days out of stock"],
    )  # fmt: skip
    choice = told["model"]
    if not choice:
        return
    out.print(model_sentence(told["plan"], choice), markup=False)
    show_table(
        SAVED_TITLE, ["model", "saved", "standard error", "chosen"],
        [[score["model"], *saved_in_words(score), score["is_chosen"]] for score in told["model_scores"]],
        numbers=["saved", "standard error"],
    )  # fmt: skip
    show_table(
        f"Demand of {told['plan']['horizon_days']} days stays at or below", ["chance", "pieces"],
        [
            [f"{100 * one['probability']:g}%", one["quantity"]]
            for one in told["quantiles"] if one["probability"] in CHANCES_TOLD
        ],
        numbers=["chance", "pieces"],
    )  # fmt: skip
