"""Groups that disagree on a setting of the products that are in both.

What belongs here: giving the conflicts the form of every exception. What does not: finding them
(`pipelines.planning_settings.group_settings`).
Read more in docs/buyer/groups.md.
"""

import polars as pl

from pipelines.exceptions.kinds import SETTING_CONFLICT
from pipelines.exceptions.of_the_plan import as_argument, found


def setting_conflicts(group_conflicts: pl.DataFrame) -> pl.DataFrame:
    """One row of `FOUND` per group and setting of which other groups of some products say otherwise.

    `group_conflicts` has the shape of `parameters.group_conflicts`; `quantity` counts the products.
    """
    by_setting = (
        group_conflicts.sort("group_id", "name", "product_code")
        .group_by("group_id", "name", maintain_order=True)
        .agg(
            pl.col("group_name", "value", "other_values", "product_code").first(),
            products=pl.col("product_code").n_unique(),
        )
    )
    return found(
        by_setting.with_columns(
            kind=pl.lit(SETTING_CONFLICT),
            subject_kind=pl.lit("group"),
            subject_id=pl.format("{} {}", "group_id", "name"),
            document_number=pl.format("{} of {}", "name", "group_name"),
            quantity="products",
            sentence=pl.format(
                "{} says {}, which holds for {} products; other groups differ, such as for {}: {}.",
                "group_name", "value", "products", "product_code", "other_values",
            ),
            what_to_do=pl.format(
                "Put the groups in order, or set it for the product: `stocktrim settings set {} VALUE --product {}`.",
                "name", as_argument("product_code"),
            ),
        ).drop("product_code")
    )  # fmt: skip
