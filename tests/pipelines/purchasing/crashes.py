"""A ledger and a gateway that are the real ones, and something that happens between two of the push's steps."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.purchasing.events import Event
from pipelines.purchasing.orders import Order
from pipelines.purchasing.sending.gateway import PurchaseOrderGateway
from pipelines.store.order_ledger import OrderLedger


class CrashError(BaseException):
    """Our process is gone: no line of the push runs after this."""


@dataclass
class Between:
    """Counts the moments between two steps of a push, and lets something happen in one of them."""

    moment: int
    happen: Callable[[], None]
    count: int = 0

    def step(self) -> None:
        self.count += 1
        if self.count == self.moment:
            self.happen()


@dataclass(frozen=True)
class WatchedLedger:
    """The ledger, with a moment before and after each event."""

    ledger: OrderLedger
    between: Between

    def append(self, event: Event) -> Order:
        self.between.step()
        order = self.ledger.append(event)
        self.between.step()
        return order


@dataclass(frozen=True)
class WatchedGateway:
    """Xero's client, with a moment before and after each call."""

    client: PurchaseOrderGateway
    between: Between

    def put_purchase_orders(self, orders: list[dict[str, object]], *, idempotency_key: str) -> list[dict[str, object]]:
        return self._watched(lambda: self.client.put_purchase_orders(orders, idempotency_key=idempotency_key))

    def purchase_order_by_number(self, number: str) -> dict[str, object] | None:
        return self._watched(lambda: self.client.purchase_order_by_number(number))

    def purchase_orders_changed_since(self, instant: datetime) -> list[dict[str, object]]:
        return self._watched(lambda: self.client.purchase_orders_changed_since(instant))

    def _watched(self, call: Callable[[], Any]) -> Any:
        self.between.step()
        answer = call()
        self.between.step()
        return answer
