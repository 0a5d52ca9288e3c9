"""Documents as bytes, each rendered once and joined into every list that holds it.

What belongs here: how a rendered document is kept, and when it is stale. What does not: what is in a record
(`json_records.py`) and the form of JSON (`answers.py`).
Read more in docs/sandbox.md.
"""

from typing import Any, Final, NamedTuple

import msgspec

from xero_sandbox.core.answers import rendered
from xero_sandbox.core.documents import Contact, Document, Item
from xero_sandbox.core.json_records import (
    Names,
    Record,
    RecordDetail,
    contact,
    credit_note,
    invoice,
    item,
    purchase_order,
)

CAPACITY_BYTES: Final = 768_000_000

Value = Item | Contact | Document


class _Kept(NamedTuple):
    """Bytes, and what they were made from."""

    fields: tuple[Any, ...]
    names_version: int
    body: bytes


def record_of(value: Value, *, names: Names, view: RecordDetail) -> Record:
    """A record of whatever kind."""
    match value:
        case Item():
            return item(value, view=view)
        case Contact():
            return contact(value, view=view)
        case Document(kind="PURCHASEORDER"):
            return purchase_order(value, names=names, view=view)
        case Document(kind="ACCREC" | "ACCPAY"):
            return invoice(value, names=names, view=view)
        case _:
            return credit_note(value, names=names, view=view)


class Rendering:
    """Rendered documents up to a number of bytes, the oldest dropped first.

    A document is rendered anew once any of its fields is another object, or once an item or a contact has another
    name. Items and contacts change without a stamp, are few, and are rendered each time.
    """

    def __init__(self, capacity_bytes: int = CAPACITY_BYTES) -> None:
        self._capacity_bytes = capacity_bytes
        self._kept: dict[tuple[str, RecordDetail], _Kept] = {}
        self.size_bytes = 0

    def body(self, value: Value, *, names: Names, view: RecordDetail) -> bytes:
        """The record as it stands in a list."""
        if not isinstance(value, Document):
            return rendered(record_of(value, names=names, view=view))
        key, fields = (value.document_id, view), msgspec.structs.astuple(value)
        known = self._kept.get(key)
        if known is not None and known.names_version == names.version and known.fields == fields:
            return known.body
        body = rendered(record_of(value, names=names, view=view))
        self._keep(key, _Kept(fields, names.version, body))
        return body

    def _keep(self, key: tuple[str, RecordDetail], fresh: _Kept) -> None:
        stale = self._kept.pop(key, None)
        self.size_bytes += len(fresh.body) - (len(stale.body) if stale else 0)
        self._kept[key] = fresh
        while self.size_bytes > self._capacity_bytes:
            self.size_bytes -= len(self._kept.pop(next(iter(self._kept))).body)
