"""Purchase orders on the desk: the list, an order, each thing that people do with one, and who comes second."""

import re
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode

import msgspec
import pytest
from httpx2 import Response

from pipelines.purchasing.events import PushFailed
from pipelines.purchasing.orders import OrderState
from pipelines.purchasing.transitions import reject, start_push
from pipelines.store.engine import open_store
from pipelines.store.setting_ledger.setting_changes import SettingChange, set_settings
from planner.security.roles import Role
from tests.planner.conftest import KEY, OTHER, Visitor
from tests.planner.orders_home import (
    AT,
    ELSEWHERE,
    FIRST,
    OF_OTHER,
    SECOND,
    SUPPLIER,
    anna,
    drafted,
    ledger_of,
    line,
    made_orders_home,
    orders_home,
    settings_of,
)

__all__ = ["anna", "made_orders_home", "orders_home"]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ORDERS = f"/o/{KEY}/orders"


def write(visitor: Visitor, path: str, status: int = 200, **fields: object) -> Response:
    body = urlencode({"version": 1} | fields, doseq=True)
    answer = visitor.client.post(f"{ORDERS}/{path}", content=body, headers=visitor.word)
    assert answer.status_code == status, answer.text[:500]
    return answer


def test_the_list_has_a_row_for_each_order_and_what_it_comes_to(anna: Visitor) -> None:
    text = anna.text(ORDERS)
    assert re.findall(r"RP-\d+-\w+</span>", text) == [f"RP-{one}</span>" for one in (ELSEWHERE, FIRST, SECOND)]
    assert "<strong>3</strong> orders · <strong>94.50</strong>" in text
    assert "85.50 missing" in text
    assert "&lt;b&gt;Mills&lt;/b&gt;" in text
    assert "<b>Mills" not in text
    assert re.search(r'class="count waiting"[^>]*>3<', anna.text(f"/o/{KEY}/"))


def test_filters_find_orders_by_supplier_and_by_what_is_on_them(anna: Visitor) -> None:
    by_supplier = anna.text(f"{ORDERS}/list?{urlencode({'supplier': SUPPLIER})}")
    assert "<strong>2</strong> orders" in by_supplier
    assert "<strong>1</strong> order " in anna.text(f"{ORDERS}/list?search=p-00013")
    nothing = anna.text(f"{ORDERS}?search=zzz&tab=sent&page=zz")
    assert "No order of “Sent” fits" in nothing
    assert "What you approve stands here" in anna.text(f"{ORDERS}?tab=approved")


@pytest.mark.parametrize("path", ["{}", "{}/panel", "{}/body", "?order={}"])
def test_an_order_has_lines_history_and_the_document_that_is_sent(anna: Visitor, path: str) -> None:
    address = ORDERS + path.format(FIRST) if path.startswith("?") else f"{ORDERS}/{path.format(FIRST)}"
    text = anna.text(address)
    assert 'data-save="lines/change" data-product="P-00011" value="12"' in text
    assert "Plan 20261201-made-up suggests 2 lines worth 50.00 GBP" in text
    assert "What will be sent to Xero" in text
    assert "&#34;Quantity&#34;: 12.0" in text


def test_orders_of_another_organisation_are_not_found(anna: Visitor) -> None:
    anna.text(f"{ORDERS}/{OF_OTHER}", 404)
    anna.text(f"/o/{OTHER}/orders/{OF_OTHER}")
    for path in ("lines", "lines/change", "lines/drop", "change", "merge", "split", "reject", "reopen"):
        write(anna, f"{OF_OTHER}/{path}", 404, product="P-00011", quantity=1, note="x", reason="x")
    write(anna, "approve", 404, seen=f"{OF_OTHER}:1")
    anna.text(f"{ORDERS}/approve?seen={OF_OTHER}:1", 404)


def test_a_quantity_is_changed_in_place_and_said_in_the_past_tense(anna: Visitor, orders_home: Path) -> None:
    answer = write(anna, f"{FIRST}/lines/change", product="P-00011", quantity="20")
    assert "Anna changed P-00011: quantity 12 → 20." in answer.text
    assert 'data-version="2"' in answer.text
    order = ledger_of(orders_home).order(FIRST)
    assert (order.lines[0].quantity, order.value) == (Decimal(20), Decimal("70.00"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"quantity": "inf"}, "not a valid quantity"), ({"quantity": "9" * 400}, "not a valid quantity"),
        ({"quantity": "zz"}, "is not a quantity"), ({"quantity": "-1"}, "not a valid quantity"),
        ({"cost": "1e999"}, "not a valid cost"), ({"expected": "2020-01-01"}, "before the order date"),
        ({"expected": "soon"}, "soon"), ({"note": "x" * 501}, "501 characters"), ({"quantity": "0.5"}, "whole units"),
        ({"quantity": "12"}, "Nothing changes"), ({}, "Nothing changes"),
    ],
)  # fmt: skip
def test_what_cannot_be_saved_is_said_and_changes_nothing(
    anna: Visitor, orders_home: Path, fields: dict[str, str], words: str
) -> None:
    said = write(anna, f"{FIRST}/lines/change", 422, product="P-00011", **fields).text
    assert words in said
    assert "stocktrim" not in said
    assert ledger_of(orders_home).order(FIRST).sequence == 1


def test_who_comes_second_reads_what_changed(anna: Visitor, orders_home: Path) -> None:
    write(anna, f"{FIRST}/lines/change", product="P-00011", quantity="20")
    for path, fields in (
        ("lines/change", {"product": "P-00012", "quantity": "9"}), ("lines/drop", {"product": "P-00012"}),
        ("lines", {"product": "P-00020", "quantity": "1"}), ("change", {"note": "n"}), ("reject", {"reason": "r"}),
        ("split", {"product": "P-00012"}), ("merge", {"other": f"{SECOND}:1"}),
    ):  # fmt: skip
        said = write(anna, f"{FIRST}/{path}", 409, **fields).text
        assert "anna changed P-00011: quantity 12 → 20" in said
        assert "stocktrim" not in said
    assert ledger_of(orders_home).order(FIRST).sequence == 2


def test_a_line_is_found_added_and_removed(anna: Visitor, orders_home: Path) -> None:
    assert 'value="P-00020"' in anna.text(f"{ORDERS}/{FIRST}/products?product=p-00020")
    assert "on the draft" in write(anna, f"{FIRST}/lines", 422, product="P-00013", quantity=2).text
    write(anna, f"{FIRST}/lines", product="p-00020", quantity=2)
    assert "removed P-00012" in write(anna, f"{FIRST}/lines/drop", version=2, product="P-00012").text
    lines = ledger_of(orders_home).order(FIRST).lines
    assert [(one.product_code, one.unit_cost) for one in lines[1:]] == [("P-00020", Decimal("3.2000"))]


def test_dates_and_note_of_the_order_are_changed(anna: Visitor, orders_home: Path) -> None:
    write(anna, f"{FIRST}/change", expected="2026-12-24")
    write(anna, f"{FIRST}/change", version=2, note="side\ndoor")
    order = ledger_of(orders_home).order(FIRST)
    assert (order.expected_arrival_date.day, order.note) == (24, "side door")


def test_drafts_are_merged_and_split(anna: Visitor, orders_home: Path) -> None:
    assert f"RP-{SECOND}" in anna.text(f"{ORDERS}/{FIRST}")
    write(anna, f"{FIRST}/merge", other=f"{SECOND}:1")
    write(anna, f"{FIRST}/split", version=2, product="P-00013")
    answer = write(anna, f"{FIRST}/split", version=3, after="2026-12-15")
    assert "was made of 1 line." in answer.text
    orders = ledger_of(orders_home).orders(OrderState.DRAFT)
    codes = sorted([one.product_code for one in order.lines] for order in orders)
    assert codes == [["P-00011"], ["P-00012"], ["P-00013"], ["P-00014"]]


def test_an_order_is_rejected_with_a_reason_and_made_a_draft_again(anna: Visitor) -> None:
    assert "Anna rejected it: enough on hand." in write(anna, f"{FIRST}/reject", reason="enough on hand").text
    assert f"RP-{FIRST}" in anna.text(f"{ORDERS}?tab=history")
    assert "reopened it" in write(anna, f"{FIRST}/reopen", version=2).text


def test_an_empty_order_is_made_for_a_supplier_once(anna: Visitor, orders_home: Path) -> None:
    fields = urlencode({"supplier": SUPPLIER.lower(), "idem": "1"})
    first, again = (anna.client.post(ORDERS, content=fields, headers=anna.word | FORM) for _ in range(2))
    assert first.headers["HX-Redirect"] == again.headers["HX-Redirect"]
    assert len(ledger_of(orders_home).orders()) == 4
    assert "No lines yet" in anna.text(first.headers["HX-Redirect"])


def test_many_orders_are_approved_as_the_dialog_shows_them(anna: Visitor, orders_home: Path) -> None:
    seen = [f"{FIRST}:1", f"{SECOND}:1"]
    dialog = anna.text(f"{ORDERS}/approve?{urlencode({'seen': seen}, doseq=True)}")
    assert "Approve 2 orders · 80.00 GBP" in dialog
    assert "Xero did not answer about the supplier" in write(anna, "approve", seen=seen).text
    assert {one.order_id for one in ledger_of(orders_home).orders(OrderState.APPROVED)} == {FIRST, SECOND}
    assert re.search(r'class="count waiting"[^>]*>1<', anna.text(f"/o/{KEY}/"))


def test_the_dialog_says_what_changed_since_and_the_approval_refuses_it(anna: Visitor) -> None:
    write(anna, f"{FIRST}/lines/change", product="P-00011", quantity="20")
    dialog = anna.text(f"{ORDERS}/approve?seen={FIRST}:1")
    assert "Changed since you opened this page" in dialog
    assert "Anna changed P-00011: quantity 12 → 20." in dialog
    refused = write(anna, "approve", 409, seen=f"{FIRST}:1")
    assert f'value="{FIRST}:2"' in refused.text
    write(anna, "approve", seen=f"{FIRST}:2")


def test_below_the_minimum_needs_a_tick_of_its_own(anna: Visitor, orders_home: Path) -> None:
    assert 'name="even_if_below_minimum" value="1" required' in anna.text(f"{ORDERS}/approve?seen={ELSEWHERE}:1")
    refused = write(anna, "approve", 422, seen=[f"{ELSEWHERE}:1", f"{FIRST}:1"]).text
    assert "below the supplier&#39;s minimum order value of 100.00" in refused
    assert not ledger_of(orders_home).orders(OrderState.APPROVED)
    write(anna, "approve", seen=f"{ELSEWHERE}:1", even_if_below_minimum=1)


def test_old_data_need_a_tick_and_an_approval_without_it_waits(anna: Visitor, orders_home: Path) -> None:
    old = msgspec.structs.replace(
        drafted("20261130-EEEEEE", "Old", line("P-00015", 1, "1.00")), data_loaded_at=AT - timedelta(days=30)
    )
    ledger_of(orders_home).append(old)
    dialog = anna.text(f"{ORDERS}/approve?seen=20261130-EEEEEE:1")
    assert 'name="even_if_stale" value="1" required' in dialog
    write(anna, "approve", seen="20261130-EEEEEE:1")
    held = anna.text(f"{ORDERS}/20261130-EEEEEE")
    assert "It is not sent because its data are old" in held
    write(anna, "approve", seen="20261130-EEEEEE:2", even_if_stale=1)
    assert "It is not sent because" not in anna.text(f"{ORDERS}/20261130-EEEEEE")


def test_above_the_limit_a_second_person_is_needed(anna: Visitor, orders_home: Path) -> None:
    with closing(open_store(settings_of(orders_home).database_url)) as store:
        set_settings(store, KEY, [SettingChange("global", "", "approval_limit", "40", "anna", AT)])
    assert "two people must approve it" in anna.text(f"{ORDERS}/approve?seen={FIRST}:1").lower()
    kept = write(anna, "approve", seen=f"{FIRST}:1").text
    assert "Your approval is kept" in kept
    assert "a second person must approve it too" in kept
    assert "Approved by one" in anna.text(ORDERS)
    assert "a second person must approve it too" in write(anna, "approve", 422, seen=f"{FIRST}:2").text


def test_what_xero_refused_stands_beside_its_line(anna: Visitor, orders_home: Path) -> None:
    write(anna, "approve", seen=f"{FIRST}:1")
    ledger = ledger_of(orders_home)
    started = ledger.append(start_push(ledger.order(FIRST), by="service", at=AT))
    ledger.append(PushFailed(
        order_id=FIRST, sequence=started.sequence + 1, at=AT, by="service",
        reason="Item code 'P-00011' is not valid; Contact is archived", is_nothing_in_xero=True,
    ))  # fmt: skip
    text = anna.text(f"{ORDERS}/{FIRST}")
    assert re.search(r"P-00011</span>.*?Xero: Item code &#39;P-00011&#39; is not valid", text, re.DOTALL)
    assert text.count("Xero: ") == 1
    assert "· 1 refused" in anna.text(f"{ORDERS}?tab=approved")
    dashboard = anna.text(f"/o/{KEY}/")
    assert re.search(r'class="count waiting"[^>]*>2<', dashboard)
    assert re.search(r"see Orders, Approved[^>]*>1 refused<", dashboard)
    assert "1 order was refused by Xero." in dashboard


def test_a_viewer_sees_and_changes_nothing(anna: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(anna.desk), "role", lambda *_: Role.VIEWER)
    text = anna.text(f"{ORDERS}/{FIRST}")
    assert "P-00011" in text
    for word in ("data-save", "Approve this order", "Reject this order"):
        assert word not in text
    write(anna, f"{FIRST}/lines/change", 403, product="P-00011", quantity=1)
    monkeypatch.setattr(type(anna.desk), "role", lambda *_: Role.PLANNER)
    write(anna, "approve", 403, seen=f"{FIRST}:1")
    write(anna, f"{FIRST}/reject", 403, reason="enough")
    write(anna, f"{FIRST}/lines/change", product="P-00011", quantity=1)


def test_a_decision_elsewhere_shows_at_once(anna: Visitor, orders_home: Path) -> None:
    ledger = ledger_of(orders_home)
    ledger.append(reject(ledger.order(FIRST), by="ben", at=AT))
    assert "Ben rejected it." in anna.text(f"{ORDERS}/{FIRST}")
