"""Orders with values that nobody meant: they are refused in a sentence, or reach Xero as they are, once."""

from decimal import Decimal

import polars as pl
import pytest

from pipelines.purchasing.orders import OrderError, OrderState
from pipelines.purchasing.transitions import approve
from pipelines.spreadsheets.formulas import all_guarded
from tests.pipelines.purchasing.purchasing_builders import NOON, SUPPLIER, a_draft, a_line, an_order, approved, push
from tests.xero_sandbox.sandbox_builders import an_item, guid
from xero_sandbox.behaviour.faults import Fault

CODES = ('A"B', "O'Brien", "A,B;C\\D", "007", "00700", "🧀 Käse", "=1+1", "-4711", "@SUM(A1)", "<b>&amp;</b>", "x" * 30)


@pytest.mark.parametrize("quantity", ["0", "-1", "1e12", "1000000000", "0.00001", "NaN", "Infinity"])
def test_a_quantity_that_xero_does_not_accept_is_not_approved(quantity):
    """However it came into a draft: by a plan of numbers beyond all sense, or by a merger."""
    order = an_order(a_draft("20260302-AAAAAA", a_line("TEA-01", quantity), a_line("TEA-02")))
    with pytest.raises(OrderError, match="units of TEA-01 on RP-20260302-AAAAAA") as refused:
        approve(order, by="a buyer", at=NOON)
    assert "give the line another quantity, or remove it" in str(refused.value)


@pytest.mark.parametrize("fault", [None, "drop_after", "drop_before"])
def test_any_code_reaches_xero_as_it_is_and_is_found_there_again(ledger, xero, fault):
    for code in CODES:
        item = an_item(code)
        xero.world.items[item.item_id] = item
    lines = [a_line(code, str(place + 1)) for place, code in enumerate(CODES)]
    approved(ledger, a_draft("20260302-AAAAAA", *lines))
    xero.on_a_bad_day(*([Fault(kind=fault, method="PUT")] if fault else []))
    for _ in range(2):
        push(ledger, xero, ledger.orders(OrderState.APPROVED, OrderState.SENDING))
    (order,), (held,) = ledger.orders(), xero.orders
    assert (order.state, order.pushed.is_changed) == (OrderState.SENT, False)
    assert [(line.item_code, line.quantity) for line in held.lines] == [
        (line.product_code, line.quantity) for line in order.lines
    ]


def test_what_changed_in_xero_after_the_approval_holds_back_its_own_order_alone(ledger, xero):
    """A supplier archived, an item deleted; a supplier in another currency gets its order in the order's."""
    drafts = (
        a_draft("20260302-AAAAAA", a_line("TEA-01")),
        a_draft("20260302-BBBBBB", a_line("TEA-02"), supplier_id=guid("contact Supplier 02")),
        a_draft("20260302-CCCCCC", a_line("TEA-03")),
    )
    approved(ledger, *drafts)
    xero.world.contacts[guid("contact Supplier 02")].status = "ARCHIVED"
    xero.world.contacts[SUPPLIER].default_currency = "USD"
    del xero.world.items[guid("item TEA-03")]
    push(ledger, xero, ledger.orders(OrderState.APPROVED))
    found = {order.order_id[-1]: order for order in ledger.orders()}
    assert {key: order.state for key, order in found.items()} == {
        "A": OrderState.SENT, "B": OrderState.FAILED, "C": OrderState.FAILED,
    }  # fmt: skip
    assert "archived" in found["B"].failure
    assert "TEA-03" in found["C"].failure
    (held,) = xero.orders
    assert (held.currency_code, held.lines[0].unit_amount) == ("GBP", Decimal("2.5"))


def test_no_exported_text_is_a_formula():
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "TEA-01", "007", "🧀"]
    lines = all_guarded(pl.DataFrame({"product_code": texts, "quantity": [-1.0] * len(texts)}))
    assert [text for text in lines["product_code"] if text[0] in "=+-@\t\r"] == []
    assert lines["quantity"].to_list() == [-1.0] * len(texts)
    assert lines["product_code"].to_list()[-3:] == texts[-3:]
