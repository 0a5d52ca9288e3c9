"""What Xero's data lack before a plan can be trusted, told as a person reads it: one line a problem.

What belongs here: adding up `marts.xero_readiness`. What does not: finding the problems, which dbt does.
Read more in docs/operations.md.
"""

import polars as pl


def told_by_problem(readiness: pl.DataFrame) -> pl.DataFrame:
    """One row per problem: how many records have it, what money is at stake, what to do, and where the dearest is.

    The problem with the most money at stake comes first; one that has no money, such as an old load, before all.
    """
    return (
        readiness.sort("amount", "record_id", descending=[True, False], nulls_last=True)
        .group_by("problem", maintain_order=True)
        .agg(
            records=pl.len(),
            amount=pl.when(pl.col("amount").is_not_null().any()).then(pl.col("amount").sum()),
            currency=pl.col("currency").first(),
            what_to_do=pl.col("what_to_do").first(),
            xero_link=pl.col("xero_link").first(),
        )
        .sort("amount", "problem", descending=[True, False], nulls_last=False)
    )
