"""Exceptions of Xero's data: the rows of `xero_readiness`.

What belongs here: giving them the form of every exception. What does not: finding them (dbt).
Read more in docs/buyer/exceptions.md.
"""

import polars as pl

from pipelines.exceptions import kinds
from pipelines.exceptions.of_the_plan import found


def of_xero(readiness: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    """Every problem of Xero's data as a row of `FOUND`, dismissed ones marked."""
    suppliers = products.select("product_code", "supplier_id", supplier="supplier_name")
    problem, document = pl.col("problem"), pl.col("document_number").replace("", None)
    product = pl.col("product_code").replace("", None)
    is_of_order, is_of_supplier = problem.is_in(kinds.OF_ORDERS), problem.is_in(kinds.OF_SUPPLIERS)
    subject_kind = (
        pl.when(is_of_order)
        .then(pl.lit("order"))
        .when(is_of_supplier)
        .then(pl.lit("supplier"))
        .when(problem.is_in(kinds.OF_ORGANISATION))
        .then(pl.lit("organisation"))
        .when(document.is_null() & product.is_not_null())
        .then(pl.lit("product"))
        .otherwise(pl.lit("document"))
    )
    age = pl.when(pl.col("age_days").is_null()).then(pl.lit("")).otherwise(pl.format(" {} days old.", "age_days"))
    return found(
        readiness.join(suppliers, on="product_code", how="left")
        .with_columns(subject_kind=subject_kind)
        .with_columns(
            kind="problem",
            subject_id="record_id",
            product_code=product,
            document_number=document,
            product_name=pl.when(pl.col("subject_kind") == "product").then("name"),
            supplier_name=pl.when(is_of_order | is_of_supplier).then("name").otherwise("supplier"),
            supplier_id=pl.when(is_of_supplier).then("record_id").when(~is_of_order).then("supplier_id"),
            money_at_stake=pl.when(~problem.is_in(list(kinds.MONEYLESS))).then(pl.col("amount").cast(pl.Float64)),
            sentence=pl.concat_str(pl.col("effect").fill_null(""), age),
            is_dismissed=pl.col("is_dismissed"),
            decided_by="dismissed_by",
            reason="dismissed_reason",
        )
    )
