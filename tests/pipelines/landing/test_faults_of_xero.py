"""The catalogue of faults, reading Xero: what Xero and the wire do on a bad day, and what must happen then."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import PlannerError, SignInError
from pipelines.landing.extract import OVERLAP
from pipelines.storage import tables
from pipelines.xero.client import READ_ATTEMPTS
from pipelines.xero.transport import Timeouts
from pipelines.xero.xero_errors import ConnectionBrokenError, DayLimitError, UnreadableAnswerError, XeroUnreachableError
from tests.pipelines.landing.chaos import chaos_before
from tests.pipelines.landing.loading import EVERYTHING, Loading, loading
from tests.pipelines.landing.truth import differences
from tests.xero_sandbox.sandbox_builders import a_purchase_order, a_world, an_invoice
from xero_sandbox.accounting_api import listing
from xero_sandbox.behaviour.edits import Write
from xero_sandbox.behaviour.faults import Fault
from xero_sandbox.core.switches import Switches


def a_small_world() -> Any:
    return a_world(*[an_invoice(f"INV-{n:04}") for n in range(30)], *[a_purchase_order(f"PO-{n:04}") for n in range(4)])


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[Loading]:
    """Thirty invoices, ten a page, loaded once; an hour has passed."""
    with loading(a_small_world(), tmp_path, page_size=10) as acme:
        acme.load()
        acme.pass_time(minutes=20)
        acme.calls()
        yield acme


def edited(acme: Loading) -> None:
    """Something that a load would bring."""
    invoice = next(iter(acme.world.invoices))
    acme.sandbox.edit(Write(path=f"Invoices/{invoice}", body={"Reference": "edited"}))
    acme.pass_time(minutes=1)


def refused(acme: Loading, error: type[PlannerError], *, saying: str, **load: Any) -> PlannerError:
    """The error of a load, after which everything is as it was."""
    before, marks = acme.raw(), acme.at_hand.watermarks()
    with pytest.raises(error, match=saying) as refused:
        acme.load(**load)
    assert acme.raw() == before
    assert acme.at_hand.watermarks() == marks
    return refused.value


def brings_everything(acme: Loading) -> None:
    acme.load(*EVERYTHING)
    assert acme.raw() == acme.truth()


def test_a_token_that_ends_between_pages_is_renewed_once_and_the_same_page_requested_again(acme: Loading) -> None:
    renewals = acme.at_hand.tokens.renewals
    acme.sandbox.fault(Fault(kind="expire_tokens", path="/Invoices.*page=2"))
    acme.load(refresh=("sales_orders",))
    assert acme.at_hand.tokens.renewals == renewals + 1
    pages = [entry["query"] for entry in acme.sandbox.stats()["requests"] if entry["path"].endswith("/Invoices")]
    assert [part for query in pages for part in query.split("&") if part.startswith("page=")] == [
        "page=1", "page=2", "page=2", "page=3",
    ]  # fmt: skip
    assert acme.raw() == acme.truth()


@pytest.mark.parametrize(
    ("address", "scope"),
    [
        ("Items", "accounting.settings.read"),
        ("CreditNotes", "accounting.invoices"),
        ("Contacts", "accounting.contacts"),
    ],
)
def test_a_missing_scope_is_named_with_the_fix(acme: Loading, address: str, scope: str) -> None:
    challenge = {"WWW-Authenticate": "insufficient_scope"}
    acme.sandbox.fault(Fault(kind="answer", path=f"/{address}", status=401, headers=challenge, times=0))
    trouble = refused(acme, SignInError, saying=scope, refresh=("suppliers", "products", "sales_orders"))
    assert "stocktrim connect" in str(trouble)
    assert trouble.exit_code == 3


@pytest.mark.parametrize("status", [403, 404])
def test_a_disconnected_organisation_stops_the_load_and_deletes_nothing(acme: Loading, status: int) -> None:
    acme.sandbox.fault(Fault(kind="answer", path="/api.xro/", status=status, body="gone", times=0))
    trouble = refused(acme, SignInError, saying="connect again")
    assert trouble.exit_code == 3


def test_the_minutes_limit_is_waited_for_visibly(acme: Loading, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    edited(acme)
    before = acme.sandbox.clock.now()
    acme.sandbox.fault(Fault(kind="rate_limit", path="/Invoices", problem="minute", retry_after=20))
    brings_everything(acme)
    assert timedelta(seconds=20) <= acme.sandbox.clock.now() - before <= timedelta(seconds=60)
    assert "Waiting 20 s" in caplog.text


def test_no_more_than_55_calls_are_made_in_a_minute(tmp_path: Path) -> None:
    with loading(a_world(*[an_invoice(f"INV-{n:04}") for n in range(130)]), tmp_path, page_size=1) as acme:
        before = acme.sandbox.clock.now()
        acme.load()
        statuses = acme.sandbox.stats()["counts"]["by_status"]
        assert set(statuses) == {"200"}
        assert acme.sandbox.clock.now() - before >= timedelta(seconds=120)


def test_the_days_limit_ends_the_run_and_every_other_until_xero_allows_it(acme: Loading) -> None:
    edited(acme)
    acme.sandbox.fault(Fault(kind="rate_limit", path="/Invoices", problem="day", retry_after=73_451, times=0))
    trouble = refused(acme, DayLimitError, saying="2026-03-03 05:45 UTC")
    assert (trouble.exit_code, trouble.is_passing) == (5, False)
    acme.sandbox._ask("POST", "faults/reset")
    acme.calls()
    acme.pass_time(hours=10)
    again = refused(acme, DayLimitError, saying="2026-03-03 05:45 UTC")
    assert str(again) == str(trouble)
    assert acme.calls() == []
    acme.pass_time(hours=11)
    brings_everything(acme)


@pytest.mark.parametrize("status", [500, 503])
def test_a_call_that_fails_for_the_moment_is_tried_three_times(acme: Loading, status: int) -> None:
    edited(acme)
    acme.sandbox.fault(
        Fault(kind="answer", path="/Invoices", status=status, body="The Organisation is offline", times=2)
    )
    brings_everything(acme)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "answer", "status": 503, "headers": {"Retry-After": "1"}},
        {"kind": "drop_before"},
        {"kind": "drop_after"},
    ],
)
def test_three_tries_are_three_calls_and_no_library_adds_any(acme: Loading, fault: Any) -> None:
    acme.sandbox.fault(Fault(path="/Items", times=0, **fault))
    with pytest.raises(XeroUnreachableError):
        acme.load("products")
    assert len(acme.calls()) == READ_ATTEMPTS == 3


def test_a_xero_that_stays_away_fails_the_run_and_leaves_what_was_there(acme: Loading) -> None:
    edited(acme)
    acme.sandbox.fault(Fault(kind="answer", path="/api.xro/", status=503, body="maintenance", times=0))
    trouble = refused(acme, XeroUnreachableError, saying="try again later")
    assert (trouble.exit_code, trouble.is_passing) == (5, True)


@pytest.mark.parametrize("behaviour", ["reset", "truncate", "garbage"])
def test_a_broken_answer_is_requested_again_and_never_read_in_half(tmp_path: Path, behaviour: str) -> None:
    with loading(a_small_world(), tmp_path, page_size=10) as acme, chaos_before(acme.sandbox.url) as chaos:
        object.__setattr__(acme.at_hand, "api_url", chaos.address)
        # two at most: lists are read at the same time, and a third could hit the last attempt of the same call
        chaos.planned += [behaviour, behaviour]
        brings_everything(acme)
        assert chaos.done.count(behaviour) == 2


@pytest.mark.parametrize("body", ["<html>please wait</html>", '{"Invoices": [{"InvoiceID": ', ""])
def test_a_page_that_is_no_json_is_requested_again_and_then_lands_nothing(acme: Loading, body: str) -> None:
    edited(acme)
    acme.sandbox.fault(Fault(kind="answer", path="/Invoices", status=200, body=body, times=2))
    brings_everything(acme)
    edited(acme)
    acme.sandbox.fault(Fault(kind="answer", path="/Invoices", status=200, body=body, times=0))
    refused(acme, UnreadableAnswerError, saying="Invoices")


def test_an_answer_that_drips_ends_at_the_deadline(tmp_path: Path) -> None:
    timeouts = Timeouts(connect=5, read=60, total=0.6)
    with loading(a_small_world(), tmp_path, timeouts=timeouts) as acme, chaos_before(acme.sandbox.url) as chaos:
        object.__setattr__(acme.at_hand, "api_url", chaos.address)
        chaos.planned += ["drip"] * 12
        with pytest.raises(ConnectionBrokenError):
            acme.load()
        chaos.planned.clear()
        object.__setattr__(acme.at_hand, "timeouts", Timeouts())
        vars(acme.at_hand).pop("xero")
        brings_everything(acme)


def test_a_silence_is_a_timeout_and_the_page_is_requested_again(tmp_path: Path) -> None:
    timeouts = Timeouts(connect=1, read=1, total=30)
    with loading(a_small_world(), tmp_path, timeouts=timeouts) as acme, chaos_before(acme.sandbox.url) as chaos:
        object.__setattr__(acme.at_hand, "api_url", chaos.address)
        chaos.planned += ["blackhole"]
        brings_everything(acme)
        assert chaos.done == ["blackhole"]


@pytest.mark.parametrize("moved", ["last", "first"])
def test_a_row_that_moves_between_pages_comes_once(acme: Loading, moved: str) -> None:
    invoice = sorted(acme.world.invoices)[-1 if moved == "last" else 0]
    edit = Write(path=f"Invoices/{invoice}", body={"Reference": f"moved, was {moved}"})
    acme.sandbox.clock.run()
    acme.sandbox.fault(Fault(kind="edit", path="/Invoices.*page=2", edits=[edit]))
    acme.load(refresh=("sales_orders",))
    identities = acme.rows(tables.XERO_INVOICES)["invoice_id"]
    assert identities.n_unique() == identities.len() == 30
    acme.pass_time(minutes=1)
    brings_everything(acme)


def test_a_new_row_never_stands_in_for_a_missed_row(acme: Loading) -> None:
    """A page from a copy of Xero's that is a minute behind begins too far on; a new row then makes up the number."""
    acme.sandbox.edit(Write(path=f"Invoices/{max(acme.world.invoices)}", body={"Reference": "moved to the front"}))
    new = {"Type": "ACCREC", "Contact": {"Name": "Customer 01"}, "LineItems": [{"Description": "New", "Quantity": 1}]}
    acme.sandbox.fault(
        Fault(kind="stale_read", path="/Invoices.*page=2", seconds=120),
        Fault(kind="edit", path="/Invoices.*page=3", edits=[Write(path="Invoices", body=new, method="PUT")]),
    )
    acme.load(refresh=("sales_orders",))
    assert differences(acme.raw(), acme.truth()) == {}


def test_a_document_that_is_voided_later_is_void_with_the_next_load(acme: Loading) -> None:
    invoice = next(iter(acme.world.invoices))
    acme.sandbox.edit(Write(path=f"Invoices/{invoice}", body={"Status": "VOIDED"}))
    acme.pass_time(minutes=1)
    acme.load()
    held = acme.rows(tables.XERO_INVOICES)
    assert dict(zip(held["invoice_id"], held["status"], strict=True))[invoice] == "VOIDED"


def test_a_page_that_is_shorter_than_requested_is_not_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LARGEST_PAGE_SIZE", 7)
    with loading(a_small_world(), tmp_path) as acme:
        brings_everything(acme)
        assert acme.rows(tables.XERO_INVOICES).height == 30


@pytest.mark.parametrize("is_inclusive", [True, False])
def test_a_change_in_the_very_second_of_the_last_load_is_not_missed(tmp_path: Path, is_inclusive: bool) -> None:
    switches = Switches(is_modified_since_inclusive=is_inclusive, are_ties_stable=False)
    with loading(a_small_world(), tmp_path, switches=switches) as acme:
        acme.load()
        edited(acme)
        acme.load()
        acme.sandbox.edit(Write(path=f"Invoices/{max(acme.world.invoices)}", body={"Reference": "the same second"}))
        acme.pass_time(minutes=10)
        brings_everything(acme)


@pytest.mark.parametrize("minutes", [-5, 5])
def test_the_watermark_is_xeros_clock_and_never_ours(acme: Loading, minutes: int) -> None:
    edited(acme)
    object.__setattr__(acme.at_hand, "ahead", timedelta(minutes=minutes))
    xeros = acme.sandbox.clock.now()
    acme.load(*EVERYTHING)
    assert set(acme.at_hand.watermarks().values()) == {xeros - OVERLAP}
    edited(acme)
    brings_everything(acme)


def test_a_watermark_later_than_xeros_clock_hides_no_change(acme: Loading) -> None:
    acme.load(*EVERYTHING)
    marks = acme.at_hand.watermarks()
    acme.at_hand.advance_watermarks({name: mark + timedelta(days=30) for name, mark in marks.items()})
    edited(acme)
    brings_everything(acme)
    assert max(acme.at_hand.watermarks().values()) <= acme.sandbox.clock.now()


def test_days_of_a_clock_that_was_ahead_do_not_put_off_what_is_due_daily(acme: Loading) -> None:
    acme.load(*EVERYTHING)
    object.__setattr__(acme.at_hand, "ahead", timedelta(days=400))
    acme.load(*EVERYTHING)
    object.__setattr__(acme.at_hand, "ahead", timedelta())
    acme.pass_time(days=1)
    acme.calls()
    acme.load()
    assert "Organisation?" in acme.calls()


def test_a_load_after_one_named_by_a_clock_ahead_is_still_the_latest(acme: Loading) -> None:
    object.__setattr__(acme.at_hand, "ahead", timedelta(days=400))
    acme.load(*EVERYTHING)
    object.__setattr__(acme.at_hand, "ahead", timedelta())
    edited(acme)
    second = acme.load()
    truth = acme.truth()
    assert max(path.name for path in (acme.at_hand.folder / "pages").iterdir()) == second.load_id
    acme.replay(second.load_id)
    assert acme.raw() == truth
