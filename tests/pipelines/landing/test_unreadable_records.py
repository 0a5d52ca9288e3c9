"""Records that could not be read are kept by their newest version, whatever loads come between."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.expectations.raw_rules import check_pass
from pipelines.landing.endpoints import ENDPOINTS
from pipelines.landing.extract import ListRead, Reading
from pipelines.landing.land import Pass, _Aside, land, note_refused
from pipelines.landing.pages import read_page
from pipelines.storage import tables
from pipelines.storage.tables import EXCEPTION_DECISIONS
from pipelines.storage.warehouse import describe_table, open_warehouse, read_table

INVOICES = next(endpoint for endpoint in ENDPOINTS if endpoint.name == "Invoices")
THEN = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Version:
    """A record as a page of Xero shows it: its id, when it was changed, whether it can be read."""

    invoice: str
    changed: int
    is_readable: bool

    def record(self, **fields: Any) -> dict[str, Any]:
        stamp = int((THEN + timedelta(minutes=self.changed)).timestamp() * 1000)
        lines: list[Any] | None = [] if self.is_readable else None
        return {
            "InvoiceID": self.invoice, "InvoiceNumber": f"INV-{self.invoice}", "Type": "ACCREC", "Total": 12.5,
            "Contact": {"ContactID": "c", "Name": "Ann"}, "LineItems": lines, "CurrencyCode": "GBP",
            "DateString": "2026-03-01T00:00:00", "UpdatedDateUTC": f"/Date({stamp}+0000)/", **fields,
        }  # fmt: skip


def held(connection: duckdb.DuckDBPyConnection, records: list[Any], *, is_full: bool) -> Pass:
    """A pass of one page."""
    body = json.dumps({"DateTimeUTC": "/Date(0)/", "Invoices": records}).encode()
    page, aside = read_page(body, INVOICES), _Aside(connection)
    aside.open([INVOICES])
    aside.add(INVOICES, page)
    reading = Reading(INVOICES, None if is_full else THEN)
    read = ListRead(reading, THEN, len(records), len(records), 1, 0.0, THEN)
    return Pass("load", None, (read,), tables.empty(tables.LOADS), is_quiescent=True, unreadable=aside.unreadable())


def listed(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    return {row["record_id"]: row for row in read_table(connection, tables.QUARANTINED_RECORDS).to_dicts()}


versions = st.builds(Version, st.sampled_from("ABC"), st.integers(0, 9), st.booleans())
loads = st.lists(
    st.lists(versions, min_size=1, max_size=4, unique_by=lambda version: version.invoice), min_size=1, max_size=6
)


@settings(deadline=None, max_examples=60)
@given(loads)
def test_what_is_listed_is_what_could_not_be_read_in_the_newest_version_seen(seen: list[list[Version]]) -> None:
    newest: dict[str, Version] = {}
    read_once: set[str] = set()
    with duckdb.connect() as connection:
        make_raw(connection)
        for versions_of_load in seen:
            land(connection, held(connection, [version.record() for version in versions_of_load], is_full=False))
            for version in versions_of_load:
                if version.invoice not in newest or version.changed >= newest[version.invoice].changed:
                    newest[version.invoice] = version
                    read_once |= {version.invoice} if version.is_readable else set()
            assert listed(connection).keys() == {name for name, version in newest.items() if not version.is_readable}
            stored = set(read_table(connection, tables.XERO_INVOICES)["invoice_id"])
            assert read_once <= stored


def make_raw(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create schema raw")
    for table in (table for table in tables.TABLES if table.stage == "raw"):
        connection.execute(f"create table {table.path} ({describe_table(table)})")


def test_an_unreadable_record_says_its_number_its_money_and_its_contact(tmp_path: Path) -> None:
    with open_warehouse(tmp_path) as connection:
        land(connection, held(connection, [Version("A", 0, is_readable=False).record()], is_full=False))
        row = listed(connection)["A"]
        facts = [row[name] for name in ("document_type", "document_number", "name", "total", "currency_code")]
        assert facts == ["ACCREC", "INV-A", "Ann", Decimal("12.50"), "GBP"]


def test_a_record_without_an_id_is_kept_by_its_number_until_it_is_read(tmp_path: Path) -> None:
    nameless = Version("A", 0, is_readable=False).record(InvoiceID=7)
    with open_warehouse(tmp_path) as connection:
        land(connection, held(connection, [nameless, None, [1], 1e300], is_full=False))
        land(connection, held(connection, [Version("B", 1, is_readable=True).record()], is_full=False))
        assert "number INV-A" in listed(connection)
        assert len(listed(connection)) == 4
        land(connection, held(connection, [Version("A", 2, is_readable=True).record()], is_full=False))
        assert len(listed(connection)) == 3
        land(connection, held(connection, [Version("A", 2, is_readable=True).record()], is_full=True))
        assert not listed(connection)


def test_a_number_beyond_all_numbers_costs_its_record_and_no_load() -> None:
    body = json.dumps(Version("A", 0, is_readable=True).record()).replace("12.5", "1e999")
    page = read_page(f'{{"DateTimeUTC": "/Date(0)/", "Invoices": [{body}]}}'.encode(), INVOICES)
    assert [record.record_id for record in page.unreadable] == ["A"]


def test_a_load_that_is_refused_notes_what_it_was_refused_for_and_a_dismissal_lets_it_pass(tmp_path: Path) -> None:
    vital = Version("A", 0, is_readable=True).record(DateString=9)
    with open_warehouse(tmp_path) as connection:
        read = held(connection, [vital, Version("B", 0, is_readable=False).record()], is_full=False)
        note_refused(connection, read)
        assert listed(connection).keys() == {"A"}
        row = listed(connection)["A"]
        decision = {"problem": "unreadable_record", "record_id": "A", "version": row["version"]}
        dismissed = pl.DataFrame([decision], schema=EXCEPTION_DECISIONS.schema)
        name = "dates_and_quantities_are_readable"
        found = {finding.rule.name: finding.is_met for finding in check_pass(connection, read)}
        assert not found[name]
        found = {finding.rule.name: finding.is_met for finding in check_pass(connection, read, dismissed=dismissed)}
        assert found[name]
