"""An order that Xero refuses is an exception at once, and none once a person has decided on it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.exceptions.refused_orders import EFFECT, KIND, WHAT_TO_DO, with_refused_now
from pipelines.organisations.organisation_exceptions import published_exceptions
from pipelines.storage import tables
from pipelines.storage.tables import EXCEPTIONS, PURCHASE_ORDERS

MACROS = Path(__file__).parents[3] / "dbt_project" / "macros"
BEFORE = pl.DataFrame(
    [{"exception_id": "a", "kind": "overstock", "money_at_stake": Decimal(5), "currency": "GBP", "plan_id": "p"}],
    schema=EXCEPTIONS.schema,
)


def orders(**more: Any) -> pl.DataFrame:
    row = {
        "purchase_order_number": "RP-1", "state": "failed", "supplier_name": "Supplier 07", "quantity": 12.0,
        "base_value": Decimal("30.00"), "failure": "Item code 'MUG' is not valid",
        "last_event_at": datetime(2026, 3, 2, 9, tzinfo=UTC),
    }  # fmt: skip
    return pl.DataFrame([row | more], schema=PURCHASE_ORDERS.schema)


def test_a_refused_order_is_listed_at_once_with_its_money_and_what_xero_says() -> None:
    now = with_refused_now(BEFORE, orders())
    row = now.row(0, named=True)
    assert (row["kind"], row["severity"], row["state"], row["document_number"]) == (KIND, "error", "open", "RP-1")
    assert (row["money_at_stake"], row["currency"], row["since_date"]) == (Decimal("30.00"), "GBP", date(2026, 3, 2))
    assert row["supplier_name"] == "Supplier 07: Item code 'MUG' is not valid"
    assert now.schema == EXCEPTIONS.schema
    assert with_refused_now(now, orders()).equals(now)


def test_a_refused_order_that_was_approved_again_is_solved() -> None:
    listed = with_refused_now(BEFORE, orders())
    assert with_refused_now(listed, orders(state="approved")).equals(BEFORE)
    assert with_refused_now(BEFORE, orders(state="sent")).equals(BEFORE)


def test_the_list_that_people_read_has_what_was_refused_since_the_last_load() -> None:
    published = {tables.EXCEPTIONS: BEFORE, PURCHASE_ORDERS: orders()}
    found = published_exceptions(lambda table: published.get(table, tables.empty(table)), today=date(2026, 3, 3))
    assert found["kind"].to_list() == [KIND, "overstock"]


def test_it_is_said_in_the_words_that_a_plan_has_for_it() -> None:
    words = "\n".join((MACROS / f"{name}.sql").read_text() for name in ("what_to_do", "what_it_means"))
    assert f"'{EFFECT}'" in words
    assert f"'{WHAT_TO_DO}'" in words
