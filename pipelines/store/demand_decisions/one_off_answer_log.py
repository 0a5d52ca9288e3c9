"""Answers about one-off orders: each is stored, with who, when and why; the latest is in force.

An answer hangs on Xero's ids of the invoice and of the item, so that it survives reloads, a renamed code, and an edit
of the invoice, which gives its lines new ids.
What belongs here: the rows. What does not: which orders are listed, and what an answer does
(`forecasting/special_demand`).
Read more in docs/buyer/one-off-orders.md.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import starmap
from typing import Final

import polars as pl
import sqlalchemy as sa

from pipelines.forecasting.special_demand.one_off_answers import NO, YES
from pipelines.storage.tables import ONE_OFF_ANSWERS
from pipelines.store import schema
from pipelines.store.engine import Store
from pipelines.store.identity_history import identities_of, read_identities
from pipelines.store.setting_ledger.change_rows import change_rows

OPEN: Final = "open"
ANSWERS: Final = (YES, NO, OPEN)


@dataclass(frozen=True)
class OneOffAnswer:
    """A person's answer whether the sale of a product on an invoice is a one-off order; `open` takes it back."""

    invoice_id: str
    product_code: str
    invoice_number: str
    answer: str
    answered_by: str
    answered_at: datetime
    reason: str = ""
    product_id: str | None = None


_NAMES: Final = tuple(OneOffAnswer.__dataclass_fields__)


def answer_one_off(store: Store, key: str, answer: OneOffAnswer) -> None:
    """Store an answer; it is in force from the next plan on."""
    with store.writing() as connection:
        product_id = read_identities(connection, key).latest_product(answer.product_code)
        row = vars(answer) | {"product_id": product_id, "organisation_key": key}
        connection.execute(sa.insert(schema.one_off_answer).values(**row))


def answer_history(store: Store, key: str) -> list[OneOffAnswer]:
    """Every answer of an organisation, the oldest first."""
    return list(starmap(OneOffAnswer, change_rows(store, schema.one_off_answer, key, _NAMES)))


def one_off_answers(store: Store, key: str) -> pl.DataFrame:
    """The answers in force, under the products' present codes: the shape of `raw.one_off_answers`."""
    known = identities_of(store, key)
    latest = {(row.invoice_id, row.product_id or row.product_code): row for row in answer_history(store, key)}
    rows = [
        vars(row) | {"product_code": known.called(row.product_id) if row.product_id else row.product_code}
        for row in latest.values()
        if row.answer != OPEN
    ]
    names = list(ONE_OFF_ANSWERS.columns)
    return pl.DataFrame([{name: row[name] for name in names} for row in rows], schema=ONE_OFF_ANSWERS.schema).sort(
        "product_code", "invoice_id"
    )
