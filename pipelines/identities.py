"""Which product or supplier is meant, whatever Xero calls it now: by Xero's id, through renamed codes and mergers.

What belongs here: following codes and contacts, pure. What does not: where they are stored
(`pipelines.store.identity_history`), and what uses them (settings, open orders, document lines).

An item's id stays when its code changes. A deleted item continues as the next new item that has its code; an item that
had another code before is another product. A merged contact continues as the contact that it was merged into.
Read more in docs/maths.md.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Final, NamedTuple

from pipelines.product_codes import folded

ARCHIVED_STATUSES: Final = ("ARCHIVED", "GDPRREQUEST")  # of a contact that takes no more documents
_LONGEST_CHAIN: Final = 100


class CodeSeen(NamedTuple):
    """A load saw an item with this code for the first time; without a code: it saw that the item is gone."""

    product_id: str
    code: str | None
    seen_at: datetime


class ContactState(NamedTuple):
    """A contact that was archived or merged: its name, what it was merged into, and when a load saw that."""

    name: str
    merged_into: str | None
    is_archived: bool
    seen_at: datetime


class _Holder(NamedTuple):
    """An item that took a code: at which place of the history, and whether the item was new then."""

    place: int
    product_id: str
    is_new: bool


class Former(NamedTuple):
    """An id or a code that document lines may carry and no item has now, and the product that it names."""

    product_id: str | None
    code: str | None
    product_code: str


@dataclass(frozen=True)
class Identities:
    """The codes that loads saw, the oldest first, and the contacts that were archived or merged, by id."""

    codes: tuple[CodeSeen, ...] = ()
    contacts: Mapping[str, ContactState] = field(default_factory=dict)

    def product_of(self, code: str, at: datetime) -> str | None:
        """The id of the product that had a code at an instant, else of the first that had it later, if any."""
        rows = self._by_code.get(code, ())
        before = [seen for seen in rows if seen.seen_at <= at]
        chosen = before[-1] if before else next(iter(rows), None)
        return None if chosen is None else chosen.product_id

    def latest_product(self, code: str) -> str | None:
        """The id of the product that took a code last, whatever clocks said; None if no load ever saw the code."""
        rows = self._by_code.get(code, ())
        return rows[-1].product_id if rows else None

    def code_of(self, code: str, at: datetime) -> str:
        """The code now of the product that had a code at an instant; the code itself if no load ever saw it."""
        product = self.product_of(code, at)
        return code if product is None else self.called(product)

    def is_gone(self, code: str, at: datetime) -> bool:
        """Whether Xero no longer has the product that had a code at an instant, nor an item that replaced it."""
        return self.is_lost(self.product_of(code, at))

    def is_lost(self, product_id: str | None) -> bool:
        """Whether Xero no longer has a product, nor an item that replaced it; before the first load nothing is lost."""
        return bool(self.codes) and (product_id is None or self.survivor(product_id) is None)

    def called(self, product_id: str) -> str:
        """A product's code now; of a deleted product its last code, marked if another product has that code now."""
        survivor = self.survivor(product_id)
        if survivor is not None:
            return str(self.now[survivor])
        last = str(self.codes[self._last_place[product_id]].code)
        return f"{last} (deleted)" if folded(last) in self._codes_now else last

    def survivor(self, product_id: str) -> str | None:
        """The id of the item that a product is now; None if Xero has none."""
        if self.now[product_id] is not None:
            return product_id
        return next((step for step in self.chain(product_id) if self.now[step] is not None), None)

    def chain(self, product_id: str) -> list[str]:
        """A product's id, and the ids of the items that replaced it one after the other."""
        steps = [product_id]
        while self.now[steps[-1]] is None and (heir := self._heir(steps[-1])) is not None:
            steps.append(heir)
        return steps

    def product_codes(self) -> list[str]:
        """The codes that products have now."""
        return sorted({code for code in self.now.values() if code is not None})

    def former(self) -> list[Former]:
        """Ids and codes that Xero no longer has, each with the product that it names."""
        ids = [Former(product, None, self.called(product)) for product, code in self.now.items() if code is None]
        current = {code for code in self.now.values() if code is not None}
        codes = [
            Former(None, code, self.called(rows[-1].product_id))
            for code, rows in self._by_code.items() if code not in current
        ]  # fmt: skip
        return ids + [former for former in codes if former.code != former.product_code]

    def contact_of(self, contact_id: str) -> str:
        """The contact that is left after every merger of a contact, however long the chain."""
        return self.contact_chain(contact_id)[-1]

    def contact_chain(self, contact_id: str) -> list[str]:
        """A contact, and the contacts that it was merged into one after the other."""
        steps = [contact_id]
        while (state := self.contacts.get(steps[-1])) is not None and state.merged_into is not None:
            if state.merged_into in steps or len(steps) > _LONGEST_CHAIN:
                break
            steps.append(state.merged_into)
        return steps

    def merged_at(self, contact_id: str) -> datetime:
        """When the latest merger of a contact's chain was seen; the earliest possible instant if there was none."""
        chain = self.contact_chain(contact_id)[:-1]
        return max((self.contacts[step].seen_at for step in chain), default=datetime.min.replace(tzinfo=UTC))

    def _heir(self, product_id: str) -> str | None:
        """The next item that had a deleted item's last code, if it was new then; None otherwise."""
        last = self._last_place[product_id]
        code = folded(str(self.codes[last].code))
        holders = (holder for holder in self._holders[code] if holder.place > last and holder.product_id != product_id)
        later = next(holders, None)
        return later.product_id if later is not None and later.is_new else None

    @cached_property
    def now(self) -> dict[str, str | None]:
        """Every item that a load ever saw: its code by its id, None if it is gone."""
        return {seen.product_id: seen.code for seen in self.codes}

    @cached_property
    def _codes_now(self) -> set[str]:
        return {folded(code) for code in self.now.values() if code is not None}

    @cached_property
    def _by_code(self) -> dict[str, list[CodeSeen]]:
        found: dict[str, list[CodeSeen]] = defaultdict(list)
        for seen in self.codes:
            if seen.code is not None:
                found[seen.code].append(seen)
        return dict(found)

    @cached_property
    def _last_place(self) -> dict[str, int]:
        return {seen.product_id: place for place, seen in enumerate(self.codes) if seen.code is not None}

    @cached_property
    def _holders(self) -> dict[str, list[_Holder]]:
        """By folded code the items that took it, the earliest first."""
        found: dict[str, list[_Holder]] = defaultdict(list)
        known: set[str] = set()
        for place, seen in enumerate(self.codes):
            if seen.code is not None:
                found[folded(seen.code)].append(_Holder(place, seen.product_id, seen.product_id not in known))
            known.add(seen.product_id)
        return found


def news_of(before: Identities, items: Mapping[str, str], at: datetime) -> list[CodeSeen]:
    """What a complete list of items, codes by id, adds to what was known: items that are gone, new or renamed."""
    gone = [product for product, code in before.now.items() if code is not None and product not in items]
    changed = [product for product, code in items.items() if before.now.get(product) != code]
    return [
        *(CodeSeen(product, None, at) for product in gone),
        *(CodeSeen(product, items[product], at) for product in changed),
    ]
