"""Exceptions: the list by money, filters, snoozing and waking with the version that was seen."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from benchmarks.made_up_plans import connect_made_up, publish_made_up
from pipelines.exceptions.kinds import KINDS
from pipelines.exceptions.words import without_command
from pipelines.settings import read_settings
from pipelines.store.exception_decisions import decision_history
from pipelines.xero.time_zones import time_zone
from planner.security.roles import Role
from planner.shown.exception_list.where_to_act import place_of
from tests.planner.conftest import Visitor, visitor_of

HERE = "/o/own/exceptions"


@pytest.fixture
def buyer(tmp_path: Path) -> Iterator[Visitor]:
    """Somebody signed in to a home of their own, in which they may decide."""
    settings = read_settings({"STOCKTRIM_HOME": str(tmp_path)})
    connect_made_up(settings, "own", "Own")
    publish_made_up(settings.organisation_folder("own"), 80)
    for visitor in visitor_of(settings):
        yield visitor.sign_in()


def decide(buyer: Visitor, path: str, **fields: str) -> Any:
    return buyer.client.post(f"{HERE}/{path}", data=fields, headers=buyer.word)


def first_of(buyer: Visitor, state: str = "open") -> tuple[str, str]:
    """The id and the version of the first exception on the page."""
    text = buyer.text(f"{HERE}?state={state}")
    found = re.search(r'id="actions-(\w+)"', text)
    assert found
    return found[1], "0"


def in_days(days: int) -> str:
    zone = time_zone("GMTSTANDARDTIME")
    return (datetime.now(zone).date() + timedelta(days=days)).isoformat()


def test_the_list_is_by_money_and_shows_no_command(buyer: Visitor) -> None:
    text = buyer.text(HERE)
    amounts = [float(found.replace(",", "")) for found in re.findall(r'exception-money"[^>]*>([\d,.]+) GBP', text)]
    assert amounts
    assert amounts == sorted(amounts, reverse=True)
    assert "stocktrim explain" not in text


@pytest.mark.parametrize(
    "query", ["kind=overstock", "severity=info", "search=mug", "state=snoozed", "kind=odd&first=9e9"]
)
def test_a_filter_shows_what_it_says(buyer: Visitor, query: str) -> None:
    text, part = buyer.text(f"{HERE}?{query}"), buyer.text(f"{HERE}/list?{query}")
    assert part.strip() in text
    if query == "kind=overstock":
        assert "<strong>Overstock</strong>" in part
        assert "<strong>Dead stock</strong>" not in part


def test_a_snoozed_exception_leaves_the_list_for_a_reason_and_comes_back_when_woken(buyer: Visitor) -> None:
    one, version = first_of(buyer)
    assert 'name="reason"' in buyer.text(f"{HERE}/{one}/snooze")
    said = decide(buyer, f"{one}/snooze", until=in_days(10), reason="the fair is in May", version=version)
    assert said.status_code == 200
    assert "Snoozed until" in said.text
    assert one not in buyer.text(HERE)
    asleep = buyer.text(f"{HERE}?state=snoozed")
    assert f"actions-{one}" in asleep
    assert "by anna: the fair is in May" in asleep
    assert "1 snoozed" in buyer.text("/o/own/")
    assert decide(buyer, f"{one}/wake", version="1").status_code == 200
    assert one in buyer.text(HERE)
    decided = [(item.decision, item.decided_by) for item in decision_history(buyer.desk.store, "own")]
    assert decided == [("snoozed", "anna"), ("woken", "anna")]


def test_who_comes_second_reads_who_decided_what(buyer: Visitor) -> None:
    one, version = first_of(buyer)
    until = in_days(3)
    decide(buyer, f"{one}/snooze", until=until, reason="first", version=version)
    second = decide(buyer, f"{one}/snooze", until=in_days(9), reason="second", version=version)
    assert second.status_code == 409
    assert second.text == f"Meanwhile anna decided: snoozed until {until}, because: first. Nothing was changed by you."


@pytest.mark.parametrize(
    ("days", "reason", "says"),
    [(0, "why", "give a later day"), (999, "why", "too far ahead"), (3, "  ", "Give a reason"), (3, "x" * 501, "501")],
)
def test_what_cannot_be_is_a_sentence_and_changes_nothing(buyer: Visitor, days: int, reason: str, says: str) -> None:
    one, version = first_of(buyer)
    refused = decide(buyer, f"{one}/snooze", until=in_days(days), reason=reason, version=version)
    assert refused.status_code == 422
    assert says in refused.text
    assert "--" not in refused.text
    assert decision_history(buyer.desk.store, "own") == []


def test_no_day_no_version_and_no_such_exception_are_refused(buyer: Visitor) -> None:
    one, version = first_of(buyer)
    assert decide(buyer, f"{one}/snooze", until="soon", reason="why", version=version).status_code == 422
    assert decide(buyer, f"{one}/snooze", until=in_days(3), reason="why").status_code == 400
    assert decide(buyer, "nosuchthing/snooze", until=in_days(3), reason="why", version="0").status_code == 422
    assert decide(buyer, f"{one}/wake", version=version).status_code == 422


def test_ticked_ones_are_snoozed_together_or_not_at_all(buyer: Visitor) -> None:
    ticks = re.findall(r'name="ticked" value="(\w+ \d+)"', buyer.text(HERE))[:3]
    decide(buyer, f"{ticks[0].split()[0]}/snooze", until=in_days(3), reason="alone", version="0")
    fields = {"ticked": ticks, "until": in_days(20), "reason": "together"}
    refused = buyer.client.post(f"{HERE}/snooze", data=fields, headers=buyer.word)
    assert refused.status_code == 409
    assert len(decision_history(buyer.desk.store, "own")) == 1
    done = buyer.client.post(f"{HERE}/snooze?kind=overstock", data=fields | {"ticked": ticks[1:]}, headers=buyer.word)
    assert "Snoozed 2 exceptions." in done.text
    asleep = re.findall(r'id="actions-(\w+)"', buyer.text(f"{HERE}?state=snoozed"))
    assert set(asleep) == {tick.split()[0] for tick in ticks}
    assert decide(buyer, "snooze", until=in_days(3), reason="none").status_code == 422


def test_a_viewer_decides_nothing(buyer: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    one, version = first_of(buyer)
    monkeypatch.setattr(type(buyer.desk), "role", lambda *_: Role.VIEWER)
    refused = decide(buyer, f"{one}/snooze", until=in_days(3), reason="why", version=version)
    assert refused.status_code == 403


def test_what_to_do_has_no_command_on_a_page() -> None:
    assert without_command("Sell it off: `stocktrim settings set x --product 'it`s'`.") == "Sell it off."
    assert without_command("Approve it again (stocktrim orders approve), or reject it.") == (
        "Approve it again, or reject it."
    )


def test_every_exception_leads_to_a_screen_that_is_there(buyer: Visitor) -> None:
    for kind in KINDS:
        for code in ("P-00011", None):
            if place := place_of({"kind": kind, "product_code": code, "what_to_do": "Approve"}):
                buyer.text(f"/o/own{place.address}")
