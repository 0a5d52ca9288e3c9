"""One organisation's books as requests read and change them: look-ups, stamps, and what was changed.

What belongs here: finding documents, keeping changed ones with a new stamp, the list of changes of a request.
What does not: what may change (`stock.py` and the modules of each kind) and where changes are stored (`state.py`).
Read more in docs/sandbox.md.
"""

import uuid
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from xero_sandbox.core.clock import Clock
from xero_sandbox.core.documents import Contact, Document, Item, World
from xero_sandbox.core.json_records import Names
from xero_sandbox.core.rendering import Rendering
from xero_sandbox.core.switches import Switches

Kept = Item | Contact | Document
DOCUMENTS: Final = ("invoices", "credit_notes", "purchase_orders")
REMEMBERED_FOR: Final = timedelta(hours=1)
"""How far back a stale read can go."""


class Change(NamedTuple):
    """Something that was kept, or removed where `value` is None."""

    collection: str
    key: str
    value: Kept | None


class Past(NamedTuple):
    """What stood in the place of something until an instant, nothing where `value` is None."""

    until: datetime
    collection: str
    key: str
    value: Kept | None


class ReadFault(NamedTuple):
    """How a fault spoils a read: it shows the books as they were at an instant, pages are short, or repeat rows."""

    as_of: datetime | None = None
    missing_rows: int = 0
    repeated_rows: int = 0


class Books:
    """One organisation's books; every change goes through `keep` and `remove`.

    What is changed is a copy, never the thing that the world holds, so that `restore` finds it as it was.
    """

    def __init__(self, world: World, *, clock: Clock, switches: Switches | None = None) -> None:
        self.world = world
        self.clock = clock
        self.switches = switches or Switches()
        self.allows_back_orders = False
        self.unit_decimals = 4
        self.reading = ReadFault()
        self.rendering = Rendering()
        self._names_version = 0
        self._changes: dict[tuple[str, str], Change] = {}
        self._originals: dict[tuple[str, str], Kept | None] = {}
        self._past: deque[Past] = deque()

    def collection(self, name: str) -> dict[str, Kept]:
        """Everything of one kind, by id."""
        found: dict[str, Kept] = getattr(self.world, name)
        return found

    def readable(self, name: str) -> list[Kept]:
        """Everything of one kind as reads show it; a stale read shows what was there at its instant."""
        as_of, held = self.reading.as_of, self.collection(name)
        if as_of is None:
            return list(held.values())
        then: dict[str, Kept | None] = {**held}
        for past in reversed(self._past):
            if past.until > as_of and past.collection == name:
                then[past.key] = past.value
        return [value for value in then.values() if value is not None]

    def names(self) -> Names:
        """What documents refer to, by code and by id."""
        by_code = {item.code: item for item in self.world.items.values()}
        return Names(by_code, self.world.contacts, self._names_version)

    def keep(self, collection: str, value: Kept, *, is_stamped: bool = True) -> None:
        """Keep a new or changed value; stamped now unless Xero leaves the stamp of such a change alone."""
        if is_stamped:
            value.updated_at = self.clock.now()
        key = identity_of(value)
        before = self.collection(collection).get(key)
        self._note_past(collection, key, before)
        self._names_version += _renames(before, value)
        self.collection(collection)[key] = value
        self._changes[collection, key] = Change(collection, key, value)

    def remove(self, collection: str, key: str) -> None:
        """Remove for good, as Xero does with items only."""
        self._note_past(collection, key, self.collection(collection)[key])
        del self.collection(collection)[key]
        self._names_version += 1
        self._changes[collection, key] = Change(collection, key, None)

    def restore(self) -> None:
        """Everything as it was before the first change."""
        for (collection, key), value in self._originals.items():
            if value is not None:
                self.collection(collection)[key] = value
            else:
                self.collection(collection).pop(key, None)
            self._changes[collection, key] = Change(collection, key, value)
        self._originals.clear()
        self._past.clear()
        self._names_version += 1

    def _note_past(self, collection: str, key: str, before: Kept | None) -> None:
        now = self.clock.now()
        self._originals.setdefault((collection, key), before)
        self._past.append(Past(now, collection, key, before))
        while now - self._past[0].until > REMEMBERED_FOR:
            self._past.popleft()

    def take_changes(self) -> list[Change]:
        """What changed since the last time this was asked."""
        changes, self._changes = list(self._changes.values()), {}
        return changes

    def item_by_code(self, code: str) -> Item | None:
        """The item of a code, compared as Xero does: exactly."""
        return next((item for item in self.world.items.values() if item.code == code), None)

    def contact_by_name(self, name: str) -> Contact | None:
        """The contact of a name, in any case."""
        wanted = name.strip().casefold()
        return next((contact for contact in self.world.contacts.values() if contact.name.casefold() == wanted), None)

    def document_by_number(self, collection: str, number: str, *, document_type: str | None = None) -> Document | None:
        """The document of a number; numbers of sales invoices and purchase orders are unique."""
        documents: dict[str, Document] = getattr(self.world, collection)
        return next((d for d in documents.values() if d.number == number and document_type in {None, d.kind}), None)


def _renames(before: Kept | None, after: Kept) -> bool:
    """Whether documents that name it look different from now on."""
    if isinstance(after, Document):
        return False
    if before is None or isinstance(before, Document):
        return True
    return (name_of(before), before.name) != (name_of(after), after.name)


def identity_of(value: Kept) -> str:
    """The id that Xero knows a thing by."""
    match value:
        case Item():
            return value.item_id
        case Contact():
            return value.contact_id
        case Document():
            return value.document_id


def name_of(value: Kept) -> str:
    """The code or number that people know a thing by."""
    match value:
        case Item():
            return value.code
        case Contact():
            return value.contact_number
        case Document():
            return value.number


def new_id() -> str:
    """A new GUID."""
    return str(uuid.uuid4())


def is_guid(text: str) -> bool:
    """Whether a path or a value is a GUID rather than a number or a code."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return len(text) == 36  # noqa: PLR2004, a GUID with its hyphens


def next_number(taken: set[str], prefix: str, shape: Callable[[int], str]) -> str:
    """The number after the highest of its prefix.

    >>> next_number({"PO-0001", "PO-0007", "X-1"}, "PO-", lambda n: f"PO-{n:04d}")
    'PO-0008'
    """
    tails = (number.removeprefix(prefix) for number in taken if number.startswith(prefix))
    return shape(max((int(tail) for tail in tails if tail.isdecimal()), default=0) + 1)
