"""What the push needs of Xero, in three calls and three kinds of trouble.

What belongs here: the port. What does not: the adapter, which is `pipelines.xero.client`.
Read more in docs/operations.md.
"""

from datetime import datetime
from typing import Protocol


class OutcomeUnknownError(Exception):
    """The connection broke, or the answer says nothing: it is not known whether Xero did what was requested."""


class NotReachedError(Exception):
    """The call was not made, or Xero turned it away unread: it surely did nothing."""


class RequestRefusedError(Exception):
    """Xero understood the request and refused it."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


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
