"""Words for orders and the Xero they go to: each builder names only what its test is about."""

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx2
import polars as pl

from pipelines.purchasing.drafts import Terms
from pipelines.purchasing.events import Drafted, Event, OrderLine
from pipelines.purchasing.orders import Order, fold
from pipelines.purchasing.sending.push import PushOutcome, push_orders
from pipelines.purchasing.transitions import approve
from pipelines.storage.tables import ORDER_PLAN
from pipelines.store.order_ledger import OrderLedger
from pipelines.xero.client import XeroClient
from pipelines.xero.xero_errors import XeroUnreachableError
from tests.xero_sandbox.sandbox_builders import a_contact, a_purchase_order, a_world, an_item, an_organisation, guid
from tests.xero_sandbox.sandbox_builders import a_line as a_line_in_xero
from xero_sandbox.app.testing import RunningSandbox
from xero_sandbox.behaviour.faults import Fault
from xero_sandbox.core.clock import Clock
from xero_sandbox.core.documents import Document, World
from xero_sandbox.identity.authorization_server import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET

AS_OF = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SUPPLIER = guid("contact Supplier 01")
TENANT_ID = an_organisation().tenant_id
CODES = ("TEA-01", "TEA-02", "TEA-03")
NO_TERMS = Terms({}, {})


def a_line(
    code: str = "TEA-01",
    quantity: str = "12",
    cost: str = "2.50",
    *,
    supplier_code: str = "",
    arrival: date | None = None,
    price_decimals: int = 2,
) -> OrderLine:
    return OrderLine(
        code, f"Name of {code}", Decimal(quantity), Decimal(cost), supplier_code, arrival, price_decimals=price_decimals
    )


def a_draft(order_id: str = "20260302-AAAAAA", *lines: OrderLine, **more: Any) -> Drafted:
    defaults: dict[str, Any] = {
        "sequence": 1, "at": NOON, "by": "plan", "plan_id": f"plan of {order_id}", "supplier_id": SUPPLIER,
        "supplier_name": "Supplier 01", "currency": "GBP", "order_date": AS_OF,
        "expected_arrival_date": AS_OF + timedelta(days=14), "data_loaded_at": NOON,
    }  # fmt: skip
    return Drafted(order_id=order_id, lines=lines or (a_line(),), **(defaults | more))


def an_order(*events: Event) -> Order:
    return fold(events or (a_draft(),))


def approved(ledger: OrderLedger, *drafts: Drafted, **more: Any) -> list[Order]:
    """Drafts, written to the ledger and approved by a buyer."""
    orders = [ledger.append(draft) for draft in drafts or (a_draft(),)]
    return [ledger.append(approve(order, by="a buyer", at=NOON, **more)) for order in orders]


def dated(day: date) -> dict[str, date]:
    """When an order of a plan is placed, and arrives."""
    return {"order_on_date": day, "expected_arrival_date": day + timedelta(days=14)}


def planned(*rows: dict[str, Any]) -> pl.DataFrame:
    """An order plan of these products, twelve units of each by default."""
    defaults = {
        "product_name": "Tea", "supplier_id": SUPPLIER, "supplier_name": "Supplier 01", "currency": "GBP",
        "unit_cost": Decimal("2.5000"), "order_quantity": 12.0, **dated(AS_OF),
    }  # fmt: skip
    return pl.DataFrame([defaults | row for row in rows], schema=ORDER_PLAN.schema, orient="row")


def a_supplied_world(*things: Any) -> World:
    """Three products, and two suppliers."""
    return a_world(*(an_item(code) for code in CODES), a_contact("Supplier 02"), *things)


class SandboxTokens:
    """Access tokens of the sandbox's one app."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._token = self.renewed()

    def current(self) -> str:
        return self._token

    def renewed(self) -> str:
        who, what = (DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET), {"grant_type": "client_credentials"}
        try:
            answer = httpx2.post(f"{self._address}/connect/token", data=what, auth=who).raise_for_status()
        except httpx2.HTTPError as broken:
            raise XeroUnreachableError("The sign-in broke.") from broken
        self._token = answer.json()["access_token"]
        return self._token

    def lost(self) -> None:
        """Nothing is noted."""


def a_client(address: str, clock: Clock | None = None) -> XeroClient:
    """The client that purchasing calls the sandbox at an address with; it waits by the sandbox's clock on request."""
    by: dict[str, Any] = {"sleep": clock.advance, "now": clock.now} if clock else {}
    return XeroClient(api_url=address, tenant_id=TENANT_ID, tokens=SandboxTokens(address), **by)


class Xero:
    """A running sandbox, and the client that purchasing calls it with."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        self.world = sandbox.worlds[0]
        self.client = a_client(sandbox.url, sandbox.clock)

    @property
    def orders(self) -> list[Document]:
        return list(self.world.purchase_orders.values())

    def on_a_bad_day(self, *faults: Fault) -> None:
        self.sandbox.sandbox.faults.plan(list(faults))

    def puts(self) -> list[dict[str, Any]]:
        """Every PUT that reached Xero."""
        return [one for one in self.sandbox.stats()["requests"] if one["method"] == "PUT"]

    def gets(self) -> list[dict[str, Any]]:
        """Every look-up by number."""
        return [one for one in self.sandbox.stats()["requests"] if one["method"] == "GET"]

    def person_makes(self, number: str, *, code: str = "TEA-02", quantity: int = 1, **more: Any) -> Document:
        """Someone makes an order in Xero under a number of ours."""
        line = a_line_in_xero(code, quantity, "2.50")
        made = a_purchase_order(number, line, document_id=str(uuid.uuid4()), **more)
        self.world.purchase_orders[made.document_id] = made
        return made


def push(ledger: Any, gateway: Any, orders: Sequence[Order], **more: Any) -> list[PushOutcome]:
    """The real push of these orders to a Xero or through a gateway."""
    defaults: dict[str, Any] = {
        "tenant_id": TENANT_ID, "push_status": "DRAFT", "is_stale": lambda _: False, "by": "stocktrim",
        "now": lambda: NOON,
    }  # fmt: skip
    to = gateway.client if isinstance(gateway, Xero) else gateway
    return push_orders(orders, gateway=to, ledger=ledger, **(defaults | more))
