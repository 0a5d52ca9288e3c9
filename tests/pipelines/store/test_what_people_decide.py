"""Settings, orders, watermarks and the count of calls are the same on either store."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from pipelines.call_limits import Pause
from pipelines.planning_settings.demand_settings.demand_events import DemandEvent
from pipelines.purchasing.events import Drafted, Event, OrderLine
from pipelines.purchasing.orders import OrderError, OrderState
from pipelines.purchasing.transitions import approve, reject
from pipelines.store.allowance import StoredAllowance
from pipelines.store.demand_decisions.demand_event_log import EventChange, change_events, demand_events, event_history
from pipelines.store.demand_decisions.one_off_answer_log import (
    OneOffAnswer,
    answer_history,
    answer_one_off,
    one_off_answers,
)
from pipelines.store.engine import Store
from pipelines.store.exception_decisions import (
    DISMISSED,
    SNOOZED,
    WOKEN,
    ExceptionDecision,
    decide_exceptions,
    decision_history,
    dismissed_exceptions,
    snoozes_in_force,
)
from pipelines.store.identity_history import remember_identities
from pipelines.store.order_ledger import OrderLedger
from pipelines.store.setting_ledger.setting_changes import (
    SettingChange,
    explicit_settings,
    set_settings,
    setting_history,
)
from pipelines.store.watermarks import advance_watermarks, watermarks

AT = datetime(2026, 6, 1, 8, 30, tzinfo=UTC)
ELSEWHERE = AT.astimezone().replace(microsecond=0)


def a_draft(order_id: str = "O1") -> Drafted:
    return Drafted(
        order_id=order_id, sequence=1, at=AT, by="plan", plan_id="p", supplier_id="s", supplier_name="Mill",
        currency="NZD", order_date=date(2026, 6, 1), expected_arrival_date=date(2026, 6, 15),
        lines=(OrderLine("TEA", "Tea", Decimal("1.50"), Decimal("2.5001")),),
    )  # fmt: skip


def test_an_order_is_read_as_it_was_written(store: Store) -> None:
    ledger = OrderLedger(store, "acme")
    written = ledger.append(a_draft())
    assert ledger.order("O1") == written
    assert ledger.history("O1") == [a_draft()]
    assert OrderLedger(store, "other").orders() == []


def test_of_two_who_decide_on_an_order_at_once_the_second_gets_an_error(opened: Callable[..., Store]) -> None:
    ledgers = [OrderLedger(opened(), "acme") for _ in range(2)]
    draft = ledgers[0].append(a_draft())
    decisions: list[Event] = [approve(draft, by="a buyer", at=AT), reject(draft, by="another", at=AT)]
    errors: list[str] = []

    def decide(number: int) -> None:
        try:
            ledgers[number].append(decisions[number])
        except OrderError as trouble:
            errors.append(str(trouble))

    both = [threading.Thread(target=decide, args=[number]) for number in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert len(errors) == 1
    assert "Somebody else has just decided on the order RP-O1, so nothing was changed now." in errors[0]
    assert ledgers[0].order("O1").state in {OrderState.APPROVED, OrderState.REJECTED}
    assert len(ledgers[0].history("O1")) == 2


def test_the_latest_change_of_a_setting_is_in_force_and_every_one_is_kept(store: Store) -> None:
    for number, value in enumerate(["21", "28", None]):
        at = AT + timedelta(seconds=number)
        set_settings(store, "acme", [SettingChange("product", "TEA", "lead_time_days", value, "a buyer", at, "why")])
        assert explicit_settings(store, "acme")["value"].to_list() == ([value] if value else [])
    assert [change.value for change in setting_history(store, "acme")] == ["21", "28", None]
    assert {change.changed_at.tzinfo for change in setting_history(store, "acme")} == {UTC}


def test_an_instant_comes_back_as_the_same_instant(store: Store) -> None:
    advance_watermarks(store, "acme", {"Invoices": ELSEWHERE, "Items": AT}, at=AT)
    advance_watermarks(store, "acme", {"Items": AT + timedelta(hours=1)}, at=AT)
    assert watermarks(store, "acme") == {"Invoices": ELSEWHERE, "Items": AT + timedelta(hours=1)}


def test_an_instant_of_no_zone_is_refused(store: Store) -> None:
    with pytest.raises(sa.exc.StatementError, match="2026"):
        advance_watermarks(store, "acme", {"Items": AT.replace(tzinfo=None)}, at=AT)


def test_calls_and_pauses_are_counted_for_all(opened: Callable[..., Store]) -> None:
    first, second = (StoredAllowance(opened(), "acme") for _ in range(2))
    call = first.enter(AT)
    assert isinstance(call, str)
    first.pause(Pause(AT + timedelta(minutes=2), "minute"))
    assert second.enter(AT) == Pause(AT + timedelta(minutes=2), "minute")
    first.leave(call)
    assert isinstance(second.enter(AT + timedelta(minutes=3)), str)


def test_an_answer_about_a_one_off_order_follows_a_renamed_product(store: Store) -> None:
    remember_identities(store, "acme", items={"id-1": "TEA"}, contacts=None, at=AT)
    given = OneOffAnswer("I-7", "TEA", "INV-7", "yes", "Ann", AT, "a fair")
    answer_one_off(store, "acme", given)
    remember_identities(store, "acme", items={"id-1": "TEA-2"}, contacts=None, at=AT + timedelta(days=1))
    (row,) = one_off_answers(store, "acme").to_dicts()
    assert (row["product_code"], row["answer"], row["answered_by"]) == ("TEA-2", "yes", "Ann")
    answer_one_off(store, "acme", replace(given, product_code="TEA-2", answer="no"))
    assert one_off_answers(store, "acme")["answer"].to_list() == ["no"]
    answer_one_off(store, "acme", replace(given, product_code="TEA-2", answer="open"))
    assert one_off_answers(store, "acme").is_empty()
    assert [answer.answer for answer in answer_history(store, "acme")] == ["yes", "no", "open"]


def a_decision(decision: str, **more: Any) -> ExceptionDecision:
    return ExceptionDecision("out_of_stock", "a4k2m7x3qd", "", decision, "Ann Bell", AT, "a container is late", **more)


def test_the_latest_of_two_snoozes_holds_until_it_is_woken_and_both_stay_known(store: Store) -> None:
    first = a_decision(SNOOZED, until=date(2026, 7, 1), money_at_stake=Decimal("120.50"))
    second = a_decision(SNOOZED, until=date(2026, 8, 1))
    dismissed = ExceptionDecision("unreadable_record", "doc-1", "1", DISMISSED, "Bob Carr", AT, "a test")
    decide_exceptions(store, "acme", [first, second, dismissed])
    assert decision_history(store, "acme") == [first, second, dismissed]
    assert snoozes_in_force(store, "acme").select("snoozed_until", "snoozed_money").rows() == [(date(2026, 8, 1), None)]
    assert dismissed_exceptions(store, "acme")["record_id"].to_list() == ["doc-1"]
    decide_exceptions(store, "acme", [a_decision(WOKEN)])
    assert snoozes_in_force(store, "acme").is_empty()
    assert snoozes_in_force(store, "other").is_empty()


def test_two_people_who_snooze_at_once_are_both_kept(opened: Callable[..., Store]) -> None:
    stores = [opened() for _ in range(2)]
    both = [
        threading.Thread(target=decide_exceptions, args=[one, "acme", [a_decision(SNOOZED, until=date(2026, 7, day))]])
        for day, one in enumerate(stores, start=1)
    ]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert {one.until for one in decision_history(stores[0], "acme")} == {date(2026, 7, 1), date(2026, 7, 2)}
    assert snoozes_in_force(stores[0], "acme").height == 1


def test_an_event_follows_its_products_is_replaced_by_its_name_and_removed(store: Store) -> None:
    remember_identities(store, "acme", items={"id-1": "TEA", "id-2": "CUP"}, contacts=None, at=AT)
    day = AT.date()
    sale = DemandEvent("Sale", day, day, Decimal("1.5"), "product", ("TEA", "CUP", "UNSEEN"))
    change_events(store, "acme", [EventChange("Sale", sale, "Ann", AT, "a fair")])
    remember_identities(store, "acme", items={"id-1": "TEA-2", "id-2": "CUP"}, contacts=None, at=AT + timedelta(days=1))
    rows = demand_events(store, "acme")
    assert rows["subject"].to_list() == ["CUP", "TEA-2", "UNSEEN"]
    assert rows.select("name", "factor", "changed_by", "reason").unique().rows() == [("Sale", 1.5, "Ann", "a fair")]
    change_events(store, "acme", [EventChange("SALE", replace(sale, scope="all", subjects=()), "Bob", AT)])
    assert demand_events(store, "acme").select("name", "scope", "subject").rows() == [("SALE", "all", "")]
    change_events(store, "acme", [EventChange("Sale", None, "Bob", AT)])
    assert demand_events(store, "acme").is_empty()
    assert [change.changed_by for change in event_history(store, "acme")] == ["Ann", "Bob", "Bob"]
