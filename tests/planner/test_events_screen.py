"""Promotions and events on the screen: added after a look, changed, refused, removed, taken back."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from pipelines.organisations.organisation_events import (
    expectation_in_words,
    listed_events,
    present_events,
    save_events,
    typed_event,
)
from planner.security.roles import Role
from tests.planner.conftest import KEY, Visitor
from tests.planner.settings_writes import now_of, own_home, set_by, signed_in

EVENTS = f"/o/{KEY}/settings/events"
SALE = {
    "name": "Spring sale", "original": "", "version": 0, "from": "2030-11-20", "until": "2030-11-30", "factor": "1.5",
    "scope": "product", "product": ["P-00011", ""],
}  # fmt: skip


@pytest.fixture
def buyer(desk_home: Path, tmp_path: Path) -> Iterator[Visitor]:
    with signed_in(own_home(desk_home, tmp_path)) as visitor:
        yield visitor


def send(visitor: Visitor, step: str, **fields: Any) -> tuple[int, str]:
    answer = visitor.client.post(
        f"{EVENTS}/{step}", content=urlencode(fields, doseq=True),
        headers=visitor.word | {"Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    return answer.status_code, answer.text


def set_sale(visitor: Visitor, *, by: str = "bob", factor: str = "2", **other: Any) -> None:
    now = now_of(visitor)
    wanted = {"from_day": "2030-11-20", "until_day": "2030-11-30", "scope": "all", "subjects": ()} | other
    save_events(now, [typed_event(now, "Spring sale", factor=factor, **wanted)], by=by, reason="the fair")


def test_without_events_the_page_says_what_they_are_for(visitor: Visitor) -> None:
    text = visitor.text(EVENTS)
    assert "No promotion or event is set for today or later. Say, for example" in text
    assert "Add a promotion or event" in text


def test_an_event_is_looked_at_then_saved_then_listed_with_who_and_when(buyer: Visitor) -> None:
    status, text = send(buyer, "review", **SALE)
    assert status == 200
    assert "from 20 Nov 2030 to 30 Nov 2030 demand of P-00011 is planned as 1.5 times the usual" in text
    assert "These are 11 days" in text
    assert not present_events(now_of(buyer))
    status, text = send(buyer, "save", **SALE, reason="leaflet")
    assert status == 200
    assert "Saved. Spring sale" in text
    assert "The next plan uses it." in text
    (row,) = listed_events(now_of(buyer))
    assert (row["name"], row["factor"], row["subjects"]) == ("Spring sale", 1.5, ["P-00011"])
    assert (row["changed_by"], row["reason"], row["version"]) == ("anna", "leaflet", 1)
    listed = buyer.text(EVENTS)
    assert re.search(
        r"Spring sale.*?20 Nov 2030 – 30 Nov 2030.*?from the next plan on.*?1.5 times the usual", listed, re.DOTALL
    )


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "An event needs a name"),
        ({"name": "x" * 101}, "An event needs a name"),
        ({"from": ""}, "give a day such as"),
        ({"until": "2030-11-19"}, "before it begins"),
        ({"until": "2032-11-19"}, "would last"),
        ({"factor": "nan"}, "The factor cannot be"),
        ({"factor": "9" * 400}, "The factor cannot be"),
        ({"factor": "-1"}, "The factor cannot be"),
        ({"product": ["", ""]}, "Say what the event is for"),
        ({"product": ["<b>nope</b>"]}, "There is no"),
        ({"scope": "group", "group": ["nobody"]}, "There is no"),
    ],
)
def test_what_is_not_allowed_is_refused_beside_what_was_typed(buyer: Visitor, wrong: Any, sentence: str) -> None:
    for step in ("review", "save"):
        status, text = send(buyer, step, **(SALE | wrong))
        assert status == 422
        assert sentence in text
        assert 'role="alert"' in text
        assert "--product" not in text
        assert "<b>" not in text
    assert not present_events(now_of(buyer))


def test_a_second_event_of_a_name_is_refused_and_names_who_set_the_first(buyer: Visitor) -> None:
    set_sale(buyer)
    status, text = send(buyer, "save", **(SALE | {"name": "spring SALE"}))
    assert status == 422
    assert "There is an event Spring sale already, set by bob" in text


def test_who_comes_second_reads_what_the_other_did_and_keeps_what_was_typed(buyer: Visitor) -> None:
    set_sale(buyer)
    change = SALE | {"original": "Spring sale", "version": 1, "factor": "3"}
    set_sale(buyer, by="carol", factor="2.5")
    status, text = send(buyer, "save", **change)
    assert status == 409
    assert "Meanwhile carol has changed Spring sale, because: the fair. Nothing was changed by you." in text
    assert 'value="3"' in text
    assert listed_events(now_of(buyer))[0]["factor"] == 2.5
    assert send(buyer, "save", **(change | {"version": 2}))[0] == 200
    assert listed_events(now_of(buyer))[0]["factor"] == 3
    assert send(buyer, "remove", name="Spring sale", version=2)[0] == 409


def test_a_removed_event_comes_back_by_undo_and_a_new_one_goes_by_it(buyer: Visitor) -> None:
    send(buyer, "save", **SALE)
    status, text = send(buyer, "remove", name="Spring sale", version=1)
    assert (status, listed_events(now_of(buyer))) == (200, [])
    assert "Removed. Spring sale no longer counts" in text
    status, text = send(buyer, "take-back", name="Spring sale", version=2)
    assert status == 200
    assert "Undone. Spring sale: from 20 Nov 2030" in text
    assert listed_events(now_of(buyer))[0]["factor"] == 1.5
    assert send(buyer, "take-back", name="Spring sale", version=2)[0] == 409
    send(buyer, "take-back", name="Spring sale", version=3)
    assert not present_events(now_of(buyer))
    assert "added: 20 Nov 2030 to 30 Nov 2030, 1.5 times the usual, for P-00011" in buyer.text(EVENTS)


def test_an_event_that_is_over_stands_apart_with_what_was_observed(buyer: Visitor) -> None:
    today = now_of(buyer).opened.today()
    days = {"from_day": f"{today - timedelta(days=9)}", "until_day": f"{today - timedelta(days=2)}"}
    set_sale(buyer, **days)
    text = buyer.text(EVENTS)
    assert "<h2>Over</h2>" in text
    assert "1.5 times what was expected" not in text, "nothing was observed yet"
    set_sale(buyer, from_day=days["from_day"], until_day=f"{today}")
    assert re.search(r"Now and coming.*?Spring sale.*?>now<", buyer.text(EVENTS), re.DOTALL)


def test_the_form_opens_for_a_product_and_for_an_event_and_takes_more_lines(buyer: Visitor) -> None:
    assert 'name="product" value="P-00012"' in buyer.text(f"{EVENTS}?product=P-00012")
    assert "/settings/events?product=P-00012" in buyer.text(f"/o/{KEY}/product?code=P-00012")
    set_sale(buyer, scope="product", subjects=("P-00013",))
    text = buyer.text(f"{EVENTS}/form?change=spring+sale")
    assert 'name="version" value="1"' in text
    assert 'value="P-00013"' in text
    buyer.text(f"{EVENTS}?change=nope", status=404)
    _, text = send(buyer, "form", **(SALE | {"product": ["A", "B", "C", "D"]}))
    assert text.count('name="product"') == 7


def test_new_products_that_sell_like_another_are_listed_with_who_said_so(buyer: Visitor) -> None:
    set_by(buyer, "like_product", "P-00011 * 0.8", level="product", subject="P-00012")
    text = buyer.text(EVENTS)
    assert re.search(r"P-00012</a>.*?P-00011</a>.*?0\.8.*?bob", text)


def test_a_viewer_sees_events_and_cannot_change_them(buyer: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    set_sale(buyer)
    monkeypatch.setattr(type(buyer.desk), "role", lambda *_: Role.VIEWER)
    text = buyer.text(EVENTS)
    assert "Spring sale" in text
    assert "Add a promotion" not in text
    assert ">Remove<" not in text
    assert send(buyer, "save", **SALE)[0] == 403


def test_a_hostile_name_of_an_event_is_text(buyer: Visitor) -> None:
    name = '"><script>alert(1)</script>{{7*7}}'
    assert send(buyer, "save", **(SALE | {"name": name}))[0] == 200
    text = buyer.text(EVENTS)
    assert "<script>alert" not in text
    assert "{{7*7}}" in text


def test_the_review_says_what_the_last_plan_expects_on_these_days_and_what_that_becomes(buyer: Visitor) -> None:
    now = now_of(buyer)
    plan = buyer.desk.views.view(KEY).order_plan
    begin = plan["as_of_date"][0] + timedelta(days=7)
    code = plan.filter(plan["average_daily_demand"] > 1)["product_code"].to_list()[-1]
    days = {"from": f"{begin}", "until": f"{begin + timedelta(days=6)}", "product": [code]}
    _, text = send(buyer, "review", **(SALE | days))
    found = re.search(r"the last plan expects ([\d,.]+) units of 1 product; with this event they are ([\d,.]+)\.", text)
    assert found, text
    usual, then = (float(number.replace(",", "")) for number in found.groups())
    assert then == pytest.approx(1.5 * usual, abs=1)
    _, text = send(buyer, "review", **(SALE | days | {"until": f"{begin + timedelta(days=200)}"}))
    assert "the last plan expects" not in text, "the forecast does not reach so far"
    far = typed_event(
        now, "Fair", from_day="2030-01-01", until_day="2030-01-02", factor="2", scope="all", subjects=()
    )  # fmt: skip
    assert expectation_in_words(now, far) == ""
