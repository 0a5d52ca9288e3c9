"""What the push needs of Xero, in three calls.

What belongs here: the port. What does not: the adapter (`pipelines.xero.client`), and how a call may fail
(`pipelines.errors`).
Read more in docs/operations.md.
"""

from datetime import datetime
from typing import Protocol


class PurchaseOrderGateway(Protocol):
    """Xero, as far as sending orders needs it."""

    def put_purchase_orders(self, orders: list[dict[str, object]], *, idempotency_key: str) -> list[dict[str, object]]:
        """Create orders in one call; return Xero's answer for each, in order, with errors inside.

        Raises:
            OutcomeUnknownError: it is not known whether Xero accepted them.
            RequestRefusedError: Xero read the call and changed nothing.
            NotReachedError: nothing was changed; another call would fail the same way now.
        """
        ...

    def purchase_order_by_number(self, number: str) -> dict[str, object] | None:
        """The order that Xero holds under this number, None if there is none; an error if Xero cannot answer."""
        ...

    def purchase_orders_changed_since(self, instant: datetime) -> list[dict[str, object]]:
        """All orders that were created or changed in Xero since then, whatever number they have now."""
        ...
