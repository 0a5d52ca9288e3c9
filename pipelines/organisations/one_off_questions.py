"""One-off orders of an organisation: those that nobody has answered, the answers, and the sale that an answer is about.

What belongs here: joining the last plan's list with the answers that are stored. What does not: finding one-off orders
and what an answer does (`pipelines.forecasting.special_demand`), printing.
Read more in docs/buyer/one-off-orders.md.
"""

from typing import Any, Final

import polars as pl

from pipelines.errors import UsageError
from pipelines.forecasting.special_demand.one_off_answers import NO, YES, answered_one_offs
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.planning_settings.successors_and_bundles import sold_as, transfers_in_force
from pipelines.product_codes import find_product
from pipelines.storage import tables
from pipelines.storage.snapshots import published_or_empty
from pipelines.store.demand_decisions.one_off_answer_log import (
    ANSWERS,
    OPEN,
    OneOffAnswer,
    answer_one_off,
    one_off_answers,
)

DOES: Final = {
    YES: "is kept out of usual demand", NO: "counts as usual demand", OPEN: "is as it was before",
}  # fmt: skip
"""What each answer does, to end a sentence about a sale."""


def asked_and_answered(opened: OpenOrganisation) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The one-off orders of the last plan without an answer, also none given since; and every answer in force."""
    answers = one_off_answers(opened.store, opened.key)
    listed = published_or_empty(opened.folder, tables.ONE_OFF_ORDERS).filter(pl.col("answer") == "")
    since = answers.select("invoice_number", sold_as="product_code")
    unanswered = listed.join(since, on=["invoice_number", "sold_as"], how="anti", maintain_order="left")
    return unanswered, answered_one_offs(answers, published_or_empty(opened.folder, tables.DEMAND_TRANSACTIONS))


def answer_sale(
    opened: OpenOrganisation, document: str, product: str, word: str, *, by: str, reason: str
) -> tuple[OneOffAnswer, float | None]:
    """Store whether a sale was a one-off order: the answer, and the units of the sale if it is still there.

    Raises:
        UsageError: there is no such sale, or the word is no answer.
    """
    given = checked_answer(word)
    sale = sale_of(opened, document, product)
    answer = OneOffAnswer(
        sale["invoice_id"], sale["product_code"], sale["invoice_number"], given, by, opened.now(), reason.strip()
    )
    answer_one_off(opened.store, opened.key, answer)
    return answer, sale["quantity"]


def checked_answer(text: str) -> str:
    """An answer as it is stored.

    Raises:
        UsageError: it is none.
    """
    word = text.strip().lower()
    if word not in ANSWERS:
        raise UsageError(f"Is it a one-off order? Answer yes, no or open, not {text[:80]!r}.")
    return word


def sale_of(opened: OpenOrganisation, document: str, product: str) -> dict[str, Any]:
    """The sale that is meant: invoice, product and units; also one that was answered and is gone since then."""
    transactions = published_or_empty(opened.folder, tables.DEMAND_TRANSACTIONS)
    number = document.strip()
    of_document = transactions.filter((pl.col("invoice_number") == number) | (pl.col("invoice_id") == number))
    if of_document.is_empty():
        given = one_off_answers(opened.store, opened.key)
        of_document = given.filter(pl.col("invoice_number") == number).with_columns(quantity=pl.lit(None, pl.Float64))
    if of_document.is_empty():
        raise UsageError(
            f"There is no sales invoice {document!r} that counts as demand: `stocktrim load` reads new ones."
        )
    code = find_product(of_document["product_code"], product) or _only_sold_as(opened, of_document, product)
    lines = of_document.filter(pl.col("product_code") == code)
    if lines["invoice_id"].n_unique() > 1:
        ids = " or ".join(sorted(lines["invoice_id"].unique()))
        raise UsageError(f"Several invoices have the number {document!r}: give the id of one, {ids}.")
    row = lines.row(0, named=True)
    units = None if lines["quantity"].has_nulls() else float(lines["quantity"].sum())
    return {name: row[name] for name in ("invoice_id", "invoice_number", "product_code")} | {"quantity": units}


def _only_sold_as(opened: OpenOrganisation, of_document: pl.DataFrame, product: str) -> str:
    """The one product on the invoice whose demand counts for the given one."""
    transfers = transfers_in_force(published_or_empty(opened.folder, tables.PLAN_SETTINGS))
    sources = list(sold_as(transfers, product))
    codes = of_document.filter(pl.col("product_code").is_in(sources))["product_code"].unique().sort().to_list()
    if len(codes) == 1:
        return str(codes[0])
    there = ", ".join(of_document["product_code"].unique().sort())
    raise UsageError(f"{of_document['invoice_number'][0]} does not sell {product!r}; it sells {there}.")
