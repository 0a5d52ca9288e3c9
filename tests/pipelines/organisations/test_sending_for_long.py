"""A token that ends while orders are being sent."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from pipelines.organisations.connecting import connect, sign_in_custom
from pipelines.organisations.open_organisation import OpenOrganisation, open_organisation
from pipelines.purchasing.events import Drafted, OrderLine
from pipelines.purchasing.orders import OrderState, fold, new_order_id
from pipelines.purchasing.sending.push import ORDERS_PER_CALL, push_orders
from pipelines.purchasing.transitions import approve
from pipelines.settings import Settings
from tests.pipelines.organisations.conftest import HARBOUR, Person, signed_in
from xero_sandbox.app.testing import RunningSandbox
from xero_sandbox.behaviour.faults import Fault
from xero_sandbox.core.documents import Contact, Item

SUPPLIER = "00000000-0000-0000-0000-00000000cafe"
TEA = "00000000-0000-0000-0000-0000000000ea"
TODAY = date(2026, 6, 1)


def approved_orders(opened: OpenOrganisation, number: int) -> None:
    """So many orders of a piece each, approved by a person."""
    for _ in range(number):
        drafted = Drafted(
            order_id=new_order_id(TODAY), sequence=1, at=opened.now(), by="plan", plan_id="p", supplier_id=SUPPLIER,
            supplier_name="Mill", currency="NZD", order_date=TODAY, expected_arrival_date=TODAY,
            lines=(OrderLine("TEA", "Tea", Decimal(1), Decimal("2.50")),),
        )  # fmt: skip
        opened.ledger.append(drafted)
        opened.ledger.append(approve(fold([drafted]), by="a buyer", at=opened.now()))


@pytest.mark.parametrize("is_custom", [False, True])
def test_a_token_that_ends_between_orders_is_renewed_and_no_order_is_sent_twice(
    either: Settings, sandbox: RunningSandbox, *, is_custom: bool
) -> None:
    stamp, world = datetime(2026, 1, 5, tzinfo=UTC), sandbox.worlds[0]
    world.contacts[SUPPLIER] = Contact(contact_id=SUPPLIER, name="Mill", updated_at=stamp)
    world.items[TEA] = Item(item_id=TEA, code="TEA", name="Tea", updated_at=stamp)
    allowed = sign_in_custom(either) if is_custom else signed_in(either, Person(HARBOUR))
    connect(either, allowed, allowed.organisations, key="harbour")
    opened = open_organisation(either, "harbour")
    approved_orders(opened, ORDERS_PER_CALL + 1)
    sandbox.sandbox.faults.plan([Fault(kind="expire_tokens", method="PUT", skip=1)])
    outcomes = push_orders(
        opened.ledger.orders(OrderState.APPROVED), gateway=opened.client(), ledger=opened.ledger,
        tenant_id=opened.record.tenant_id, push_status="DRAFT", is_stale=lambda _: False, by="stocktrim",
        now=opened.now,
    )  # fmt: skip
    assert {outcome.result for outcome in outcomes} == {"sent"}
    numbers = sorted(order.purchase_order_number for order in opened.ledger.orders(OrderState.SENT))
    assert sorted(order.number for order in world.purchase_orders.values()) == numbers
    assert len(numbers) == ORDERS_PER_CALL + 1
    requests = [(entry["path"], entry["status"]) for entry in sandbox.stats()["requests"]]
    puts = [status for path, status in requests if path == "/api.xro/2.0/PurchaseOrders"]
    assert puts == [200, 401, 200]
    assert [status for path, status in requests if path == "/connect/token"] == [200, 200]
    opened.store.close()
