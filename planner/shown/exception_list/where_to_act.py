"""Where each kind of exception is dealt with: a screen of the desk, with the words of its link.

What belongs here: kinds to screens. What does not: what to do there, which the exception itself says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from pipelines.exceptions import kinds


@dataclass(frozen=True)
class ActingPlace:
    """A screen of the desk: its address below the organisation's, and what a person does there."""

    address: str
    words: str


_ORDERED: Final = frozenset({kinds.OUT_OF_STOCK, kinds.WILL_RUN_OUT})
# Others are expedited, or have no supplier: the product's page says which order, and has its settings.
_AN_ORDER: Final = "Approve"
_OF_ORDERS: Final = frozenset({"order_refused_by_xero"})
_OF_DATA: Final = frozenset({"stale_load", "contact_not_loaded", "unreadable_record"})
_OF_GROUPS: Final = frozenset({kinds.SETTING_CONFLICT})


def place_of(exception: Mapping[str, Any]) -> ActingPlace | None:
    """The screen on which an exception is dealt with; None if only Xero can mend it.

    >>> place_of({"kind": "out_of_stock", "product_code": "TEA & MILK", "what_to_do": "Approve its order of 9 units."})
    ActingPlace(address='/plan?search=TEA+%26+MILK&product=TEA+%26+MILK', words='Order it')
    >>> place_of({"kind": "stale_load", "product_code": None, "what_to_do": ""}).address
    '/data'
    """
    kind, code, what_to_do = exception["kind"], exception["product_code"], exception["what_to_do"] or ""
    if kind in _OF_DATA:
        return ActingPlace("/data", "Load data")
    if kind in _OF_ORDERS:
        return ActingPlace("/orders", "Open the orders")
    if kind in _ORDERED and code and what_to_do.startswith(_AN_ORDER):
        return ActingPlace(f"/plan?{urlencode({'search': code, 'product': code})}", "Order it")
    if kind in _OF_GROUPS:
        return ActingPlace("/settings", "Open the settings")
    return ActingPlace(f"/product?{urlencode({'code': code})}", "Open the product") if code else None
