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
        """Create orders in one call; Xero's element for each, in order, with errors inside it.

        Raises:
            OutcomeUnknownError: it is not known whether it was done.
            RequestRefusedError: Xero read it and did nothing of it.
            NotReachedError: nothing was done; another call would end the same way now.
        """
        ...

    def purchase_order_by_number(self, number: str) -> dict[str, object] | None:
        """The order that Xero holds under this number, None where it holds none; an error where it cannot say."""
        ...

    def purchase_orders_changed_since(self, instant: datetime) -> list[dict[str, object]]:
        """All orders that were made or changed in Xero since then, whatever number they have now."""
        ...
