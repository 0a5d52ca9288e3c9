"""The scopes that we request from Xero, and those that are missing.

What belongs here: the least scopes that suffice, compared with the granted ones. What does not: requesting them
(`authorization.py`).
Read more in docs/connecting.md.
"""

from collections.abc import Iterable
from typing import Final

NEEDED: Final = ("accounting.invoices", "accounting.contacts.read", "accounting.settings.read")
TO_STAY_SIGNED_IN: Final = "offline_access"
_OLD_NAMES: Final = {"accounting.transactions": "accounting.invoices"}


def missing_scopes(granted: Iterable[str]) -> list[str]:
    """The scopes that are needed and were not granted; a full scope includes its `.read`.

    Apps made before March 2026 may still hold `accounting.transactions`, which covers `accounting.invoices`.

    >>> missing_scopes(["accounting.transactions", "accounting.contacts", "offline_access"])
    ['accounting.settings.read']
    """
    held = {new for scope in granted for new in (scope, _OLD_NAMES.get(scope, scope))}
    return [scope for scope in NEEDED if not held & {scope, scope.removesuffix(".read")}]


def scope_for(address: str) -> str:
    """The scope that a call of the Accounting API needs, by its address.

    >>> scope_for("https://api.xero.com/api.xro/2.0/Contacts?page=2")
    'accounting.contacts.read'
    """
    endpoint = address.partition("/api.xro/2.0/")[2].partition("?")[0].partition("/")[0].lower()
    return {
        "contacts": "accounting.contacts.read",
        "items": "accounting.settings.read",
        "organisation": "accounting.settings.read",
    }.get(endpoint, "accounting.invoices")
