"""The catalogue of faults, reading Xero: records that are not what was promised, and loads that do not end."""

import json
import multiprocessing
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.expectations.raw_rules import check_pass
from pipelines.landing.endpoints import ENDPOINTS
from pipelines.landing.load import read_load
from pipelines.landing.pages import read_page
from pipelines.storage import tables
from pipelines.storage.warehouse import insert_rows
from pipelines.xero import wire
from pipelines.xero.xero_errors import XeroUnreachableError
from tests.pipelines.landing.killed import There, load_in_turn
from tests.pipelines.landing.loading import EVERYTHING, Loading, loading
from tests.xero_sandbox.sandbox_builders import a_line, a_purchase_order, a_world, an_invoice
from xero_sandbox.behaviour.edits import Write
from xero_sandbox.behaviour.faults import Fault

INVOICES = next(endpoint for endpoint in ENDPOINTS if endpoint.name == "Invoices")


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[Loading]:
    """Twenty pages of invoices and two orders; nothing is loaded yet."""
    orders = [a_purchase_order(f"PO-{number:04}") for number in range(2)]
    with loading(a_world(*[an_invoice(f"INV-{n:04}") for n in range(40)], *orders), tmp_path, page_size=2) as acme:
        yield acme


def findings(acme: Loading) -> dict[str, Any]:
    """What the checks find in a pass that is not landed."""
    with acme.warehouse() as warehouse:
        _, read = read_load(warehouse, acme.at_hand, entities=EVERYTHING, page_size=acme.page_size)
        return {finding.rule.name: finding for finding in check_pass(warehouse, read)}


def edit_one(acme: Loading) -> str:
    """The id of an invoice that the next load brings."""
    invoice = next(iter(acme.world.invoices))
    acme.pass_time(minutes=15)
    acme.sandbox.edit(Write(path=f"Invoices/{invoice}", body={"Reference": "edited"}))
    acme.pass_time(minutes=1)
    return invoice


def test_an_unknown_status_and_a_new_field_pass_through_and_are_reported(acme: Loading) -> None:
    rewritten = '"Status": "PARKED",\r\n      "NewField": {"a": [1]}'
    fault = Fault(kind="rewrite", path="/Invoices", pattern='"Status": "AUTHORISED"', replacement=rewritten, times=0)
    acme.sandbox.fault(fault)
    found = findings(acme)
    assert not found["statuses_are_known"].is_met
    assert not found["statuses_are_known"].rule.is_blocking
    assert found["records_are_readable"].is_met
    acme.sandbox.fault(fault)
    acme.load()
    assert acme.rows(tables.XERO_INVOICES)["status"].unique().to_list() == ["PARKED"]


def test_a_time_zone_changed_in_xero_holds_from_the_next_load_of_the_organisation(acme: Loading) -> None:
    acme.load()
    assert acme.at_hand.record.time_zone == "GMTSTANDARDTIME"
    acme.world.organisation.time_zone = "UTC+13"
    acme.pass_time(days=1)
    acme.load()
    assert acme.at_hand.record.time_zone == "UTC+13"


@pytest.mark.parametrize(
    ("pattern", "replacement", "reason"),
    [
        ('"LineItems": ', '"Lines": ', "missing required field `LineItems`"),
        ('"LineItems": \\[', '"LineItems": null, "Lines": [', "got `null`"),
        ('"Contact": ', '"Customer": ', "missing required field `Contact`"),
        ('"Contact": {', '"Contact": null, "Customer": {', "got `null`"),
        ('"Total": [0-9.]+', '"Total": "much"', "Total`"),
    ],
)
def test_a_record_without_its_parts_is_quarantined_and_its_last_version_stays(
    acme: Loading, pattern: str, replacement: str, reason: str
) -> None:
    acme.load()
    before = acme.raw()
    invoice = edit_one(acme)
    acme.sandbox.fault(
        Fault(kind="rewrite", path="/Invoices", pattern=pattern, replacement=replacement, count=1, times=0)
    )
    read = acme.load()
    quarantined = acme.rows(tables.QUARANTINED_RECORDS)
    assert quarantined["record_id"].to_list() == [invoice]
    assert reason in quarantined["reason"][0]
    assert json.loads(quarantined["body"][0])["InvoiceID"] == invoice
    assert read.loads.filter(pl.col("list") == "Invoices")["quarantined"].to_list() == [1]
    assert acme.raw() == before
    acme.sandbox._ask("POST", "faults/reset")
    acme.pass_time(minutes=1)
    acme.load()
    assert acme.rows(tables.QUARANTINED_RECORDS).is_empty()
    assert acme.raw() == acme.truth()


def test_a_quarantined_record_warns_and_an_unreadable_quantity_blocks(acme: Loading) -> None:
    acme.sandbox.fault(
        Fault(kind="rewrite", path="/Invoices", pattern='"Total": [0-9.]+', replacement='"Total": []', count=1),
        Fault(kind="rewrite", path="/PurchaseOrders", pattern='"Quantity": [0-9.]+', replacement='"Quantity": "x"'),
    )
    found = findings(acme)
    assert not found["records_are_readable"].is_met
    assert not found["records_are_readable"].rule.is_blocking
    assert not found["dates_and_quantities_are_readable"].is_met
    assert found["dates_and_quantities_are_readable"].rule.is_blocking
    assert "PurchaseOrders" in found["dates_and_quantities_are_readable"].rows["list"].to_list()


ODD: list[Any] = [
    None,
    True,
    0,
    -1.5,
    1e300,
    "",
    "x",
    "/Date(9)/",
    "9999-12-31",
    [],
    [None],
    [[]],
    {},
    {"ContactID": None},
    {"a": 1},
]
PARTS = ["InvoiceID", "Contact", "LineItems", "DateString", "Date", "Total", "Status", "UpdatedDateUTC", "CurrencyRate"]


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(PARTS), st.sampled_from(ODD), max_size=4), max_size=3))
def test_whatever_a_record_holds_it_is_a_row_or_it_is_quarantined(damages: list[dict[str, Any]]) -> None:
    whole = {"InvoiceID": "1", "Contact": {"ContactID": "2"}, "LineItems": [], "DateString": "2026-01-05T00:00:00"}
    records = [whole | damage for damage in damages]
    page = read_page(json.dumps({"DateTimeUTC": "/Date(0)/", "Invoices": records}).encode(), INVOICES)
    assert page.records.height + len(page.unreadable) == len(records)


@settings(deadline=None)
@given(
    st.dates(date(1, 1, 3), date(9999, 12, 29)),
    st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
def test_every_day_is_the_organisations_own_in_whatever_form_it_comes(day: date, zone: timezone) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    milliseconds = (midnight - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    net = f"/Date({milliseconds}{midnight:%z})/"
    assert wire.calendar_day(None, net) == day
    assert wire.calendar_day(f"{day.isoformat()}T00:00:00", "/Date(rubbish)/") == day


@settings(deadline=None)
@given(st.text() | st.from_regex(r"/Date\(-?[0-9]{1,30}([+-][0-9]{4})?\)/", fullmatch=True))
def test_what_is_no_day_is_none(text: str) -> None:
    found = wire.calendar_day(None, text), wire.instant(text)
    assert all(value is None or isinstance(value, date) for value in found)


def test_a_load_that_stopped_after_page_7_of_20_goes_on_with_page_8(acme: Loading) -> None:
    acme.sandbox.fault(Fault(kind="answer", path="/Invoices.*page=8&", status=500, times=3))
    with pytest.raises(XeroUnreachableError):
        acme.load()
    assert acme.rows(tables.XERO_INVOICES).is_empty()
    assert acme.at_hand.watermarks() == {}
    acme.calls()
    first_page_at = acme.sandbox.clock.now()
    acme.pass_time(minutes=10)
    acme.sandbox.edit(Write(path=f"Invoices/{min(acme.world.invoices)}", body={"Reference": "meanwhile"}))
    acme.pass_time(minutes=1)
    acme.load()
    pages = [call for call in acme.calls() if call.startswith("Invoices?")]
    assert len(pages) == 13 + 1  # the rest, and the changes since the first page
    assert acme.raw() == acme.truth()
    assert acme.at_hand.watermarks()["Invoices"] <= first_page_at


def test_an_interrupted_load_of_yesterday_is_begun_again(acme: Loading) -> None:
    acme.sandbox.fault(Fault(kind="answer", path="/Invoices.*page=8&", status=500, times=3))
    with pytest.raises(XeroUnreachableError):
        acme.load()
    acme.calls()
    acme.pass_time(hours=25)
    acme.at_hand.tokens.renewed()
    acme.load()
    assert sum(call.startswith("Invoices?") for call in acme.calls()) == 20


def test_of_two_processes_that_load_at_once_the_second_waits_and_loads_after_the_first(
    tmp_path: Path,
) -> None:
    start = multiprocessing.get_context("forkserver")
    start.set_forkserver_preload([load_in_turn.__module__])
    with loading(a_world(*[an_invoice(f"INV-{n:04}") for n in range(10)]), tmp_path, page_size=2) as acme:
        acme.sandbox.clock.run()
        acme.sandbox.fault(Fault(kind="latency", path="/api.xro/", seconds=0.1, times=0))
        messages = start.Queue()
        runs = [start.Process(target=load_in_turn, args=(There.of(acme), f"run {n}", messages)) for n in (1, 2)]
        for run in runs:
            run.start()
        received = [messages.get(timeout=60) for _ in range(5)]
        for run in runs:
            run.join()
        assert [run.exitcode for run in runs] == [0, 0]
        assert acme.raw() == acme.truth()
    (first,) = {name for name, what in received[:2] if what == "loading"}
    second = next(name for name, _ in received if name != first)
    assert f"Waiting for {first} (process " in next(what for name, what in received if name == second)
    assert [message for message in received if "Waiting" not in message[1]] == [
        (first, "loading"), (first, "loaded"), (second, "loading"), (second, "loaded"),
    ]  # fmt: skip


def test_a_refresh_that_fails_halfway_leaves_the_old_rows(acme: Loading) -> None:
    acme.load()
    before, marks = acme.raw(), acme.at_hand.watermarks()
    acme.pass_time(minutes=15)
    edit_one(acme)
    acme.sandbox.fault(Fault(kind="answer", path="/Invoices.*page=12&", status=503, times=3))
    with pytest.raises(XeroUnreachableError):
        acme.load(refresh=("sales_orders",))
    assert acme.raw() == before
    assert acme.at_hand.watermarks() == marks
    acme.load(refresh=("sales_orders",))
    acme.pass_time(minutes=1)
    acme.load()
    assert acme.raw() == acme.truth()


def test_data_of_another_organisation_are_refused(acme: Loading) -> None:
    changed = pl.DataFrame(
        {
            name: pl.Series(["another" if dtype == pl.String else False])
            for name, dtype in tables.XERO_ORGANISATION.columns.items()
        }
    )
    with acme.warehouse() as warehouse:
        insert_rows(warehouse, tables.XERO_ORGANISATION.path, changed)
    found = findings(acme)["organisation_is_the_same"]
    assert not found.is_met
    assert found.rule.is_blocking


@settings(deadline=None)
@given(st.sampled_from(["GBP", "USD", "EUR", "JPY"]), st.decimals("0.000001", "999999", places=6))
def test_a_document_keeps_its_own_currency_and_rate(currency: str, rate: Decimal) -> None:
    record = {
        "InvoiceID": "1", "Contact": {"ContactID": "2"}, "DateString": "2026-01-05T00:00:00", "CurrencyCode": currency,
        "CurrencyRate": float(rate), "Total": 12.5, "LineItems": [{"Quantity": 5, "UnitAmount": 2.5}],
    }  # fmt: skip
    page = read_page(json.dumps({"DateTimeUTC": "/Date(0)/", "Invoices": [record]}).encode(), INVOICES)
    row = page.records.to_dicts()[0]
    assert (row["currency_code"], row["currency_rate"], row["total"]) == (currency, rate, Decimal("12.50"))


def test_mixed_currencies_land_side_by_side(tmp_path: Path) -> None:
    mixed = [
        an_invoice(f"INV-{code}", a_line(price="2.00"), currency_code=code, currency_rate=Decimal(rate))
        for code, rate in (("GBP", "1"), ("USD", "1.27"), ("EUR", "1.17"))
    ]
    with loading(a_world(*mixed), tmp_path) as acme:
        acme.load()
        held = acme.rows(tables.XERO_INVOICES).sort("currency_code")
        assert held["currency_code"].to_list() == ["EUR", "GBP", "USD"]
        assert held["currency_rate"].to_list() == [Decimal("1.17"), Decimal(1), Decimal("1.27")]
