"""What the push needs of Xero, in two calls and two kinds of trouble.

What belongs here: the port. What does not: the adapter, which is `pipelines.xero.client`.
Read more in docs/operations.md.
"""

from typing import Protocol


class OutcomeUnknownError(Exception):
    """The connection broke, or the answer says nothing: nobody knows whether Xero did what was asked."""


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
            OutcomeUnknownError: done or not, nobody knows.
            RequestRefusedError: nothing was done.
        """
        ...

    def purchase_order_by_number(self, number: str) -> dict[str, object] | None:
        """The order that Xero holds under this number, None where it holds none; an error where it cannot say."""
        ...
