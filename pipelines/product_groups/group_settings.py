"""Which group decides if groups of a product set the same setting: the first one, and what the others say is shown.

Groups come in the order that people gave them; those without an order come last, by name.
What belongs here: the level `group` of settings. What does not: who is in a group (`membership.py`), the
other levels (`pipelines.planning_settings.registry`).
Read more in docs/buyer/groups.md.
"""

import polars as pl

from pipelines.storage.tables import GROUP_CONFLICTS


def first_of_groups(settings: pl.DataFrame, product_groups: pl.DataFrame | None) -> pl.DataFrame:
    """The value of each product and setting by the first of its groups that sets it: `product_code`, `name`, `value`.

    `settings` are those of level group, in the shape of `raw.planning_settings`; `product_groups` has the shape of its
    table, without it there are no groups.
    """
    if product_groups is None:
        return pl.DataFrame(schema={"product_code": pl.String, "name": pl.String, "value": pl.String})
    return (
        _of_all_groups(settings, product_groups)
        .unique(["product_code", "name"], keep="first", maintain_order=True)
        .select("product_code", "name", "value")
    )


def groups_that_set(name: str, settings: pl.DataFrame, product_groups: pl.DataFrame) -> pl.DataFrame:
    """The group whose value of a setting counts for each product, if a group sets it: `product_code`, `group_id`."""
    of_name = settings.filter(pl.col("level") == "group", pl.col("name") == name)
    return (
        _of_all_groups(of_name, product_groups)
        .unique("product_code", keep="first", maintain_order=True)
        .select("product_code", "group_id")
    )


def group_conflicts(plan_settings: pl.DataFrame, settings: pl.DataFrame, product_groups: pl.DataFrame) -> pl.DataFrame:
    """Settings of groups in force of which other groups of a product say otherwise: `parameters.group_conflicts`."""
    is_first = pl.col("value") == pl.col("value").first()
    others = pl.format("{} says {}", "group_name", _shown("value")).filter(~is_first)
    by_group = plan_settings.filter(pl.col("origin") == "group").select("product_code", "name")
    return (
        _of_all_groups(settings.filter(pl.col("level") == "group"), product_groups)
        .join(by_group, on=["product_code", "name"], how="semi", maintain_order="left")
        .group_by("product_code", "name", maintain_order=True)
        .agg(
            pl.col("value", "group_id", "group_name").first(), other_values=others.str.join("; "),
            values=pl.col("value").n_unique(),
        )
        .filter(pl.col("values") > 1)
        .sort("product_code", "name")
        .select(list(GROUP_CONFLICTS.columns))
        .cast(GROUP_CONFLICTS.schema)
    )  # fmt: skip


def _of_all_groups(settings: pl.DataFrame, product_groups: pl.DataFrame) -> pl.DataFrame:
    """What every group of every product sets, the groups of a product in their order."""
    return product_groups.join(settings.select("name", "value", group_id="subject"), on="group_id").sort(
        "product_code", "name", "group_order", "group_name", "group_id", nulls_last=True
    )


def _shown(value: str) -> pl.Expr:
    return pl.when(pl.col(value) == "").then(pl.lit("none")).otherwise(value)
