"""Which products are in which group: those put in by hand, and those that a rule names and nobody keeps out.

What belongs here: the rows of all groups, and look-ups in them. What does not: one rule (`rules.py`).
Read more in docs/buyer/groups.md.
"""

from collections.abc import Iterable

import polars as pl

from pipelines.product_groups.groups import IN, OUT, Group
from pipelines.product_groups.rules import TRACKING, Attributes, parse_rule, products_by_rule
from pipelines.storage.tables import PRODUCT_GROUPS

BY_HAND = "hand"
BY_RULE = "rule"


def product_groups(groups: Iterable[Group], attributes: Attributes) -> pl.DataFrame:
    """One row per product and group, with how the product got there: the shape of `parameters.product_groups`.

    What a person put in wins over a rule, and what a person keeps out is in by no rule.
    """
    frames = [_rows(group, attributes) for group in groups]
    rows = pl.concat(frames) if frames else pl.DataFrame(schema=PRODUCT_GROUPS.schema)
    return rows.sort("product_code", "group_order", "group_name", "group_id", nulls_last=True)


def asks_for_tracking(groups: Iterable[Group]) -> bool:
    """Whether a rule of these groups asks for a tracking option."""
    return any(parse_rule(text).kind == TRACKING for group in groups for text in group.rules)


def products_in(membership: pl.DataFrame, group_id: str) -> list[str]:
    """The codes of the products of a group, sorted; `membership` has the shape of `parameters.product_groups`."""
    return membership.filter(pl.col("group_id") == group_id)["product_code"].sort().to_list()


def with_groups(rows: pl.DataFrame, membership: pl.DataFrame) -> pl.DataFrame:
    """Rows with `product_code`, and a column `groups` that names the groups of each product, in their order."""
    named = membership.group_by("product_code", maintain_order=True).agg(
        groups=pl.format("{}: {}", "group_kind", "group_name").str.join("; ")
    )
    return rows.join(named, on="product_code", how="left", maintain_order="left").with_columns(
        pl.col("groups").fill_null("")
    )


def _rows(group: Group, attributes: Attributes) -> pl.DataFrame:
    """The rows of one group, each product once."""
    known = attributes.products.select("product_code")
    by_hand = pl.DataFrame(
        [(code, row.value, row.changed_by, row.changed_at) for code, row in group.members.items()],
        schema={"product_code": pl.String, "value": pl.String, "set_by": pl.String,
                "set_at": PRODUCT_GROUPS.columns["set_at"]},
        orient="row",
    )  # fmt: skip
    named = [
        known.filter(pl.col("product_code").is_in(products_by_rule(parse_rule(text), attributes).implode()))
        .with_columns(
            joined_by=pl.lit(BY_RULE), group_rule=pl.lit(text), set_by=pl.lit(change.changed_by),
            set_at=pl.lit(change.changed_at, dtype=PRODUCT_GROUPS.columns["set_at"]),
        )
        for text, change in group.rules.items()
    ]  # fmt: skip
    put_in = by_hand.filter(pl.col("value") == IN).join(known, on="product_code", how="semi").select(
        "product_code", "set_by", "set_at", joined_by=pl.lit(BY_HAND), group_rule=pl.lit(None, dtype=pl.String)
    )  # fmt: skip
    kept_out = by_hand.filter(pl.col("value") == OUT)
    return (
        pl.concat([put_in, *named], how="diagonal")
        .unique("product_code", keep="first", maintain_order=True)
        .join(kept_out, on="product_code", how="anti")
        .with_columns(
            group_id=pl.lit(group.group_id), group_kind=pl.lit(group.kind), group_name=pl.lit(group.name),
            group_order=pl.lit(group.order, dtype=pl.Int64),
        )
        .select(list(PRODUCT_GROUPS.columns))
        .cast(PRODUCT_GROUPS.schema)
    )  # fmt: skip
