"""What changed in Xero about an order's supplier and products since it was drafted.

What belongs here: comparing an order with its supplier and products now, before an approval. What does not: following
names (`pipelines.identities`) and deciding on the order (`orders.py`).
Read more in docs/operations.md.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Protocol

from pipelines.identities import ARCHIVED_STATUSES, ContactState, Identities
from pipelines.purchasing.current_names import named_at
from pipelines.purchasing.orders import Order, OrderError, OrderState

_LONGEST_CHAIN: Final = 20
_GONE: Final = "Xero no longer has the item {}: remove its line from a draft, or reject the order and plan again"


class Contacts(Protocol):
    """Xero's contacts."""

    def contact(self, contact_id: str) -> dict[str, Any] | None:
        """The contact in Xero; None if there is none."""
        ...


@dataclass(frozen=True)
class XeroChanges:
    """What changed in Xero about an order since its draft.

    `supplier` is the id and name of the contact that the supplier was merged into. `renamed_products` maps drafted
    codes to current ones. `obstacles` forbid the approval, `notes` do not; each is a sentence without a full stop.
    """

    supplier: tuple[str, str] | None = None
    renamed_products: Mapping[str, str] | None = None
    obstacles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def remarks(self) -> list[str]:
        """The sentences that a person should know, obstacles first."""
        return [*self.obstacles, *self.notes]


def changes_in_xero(order: Order, known: Identities, *, untracked: Collection[str] = ()) -> XeroChanges:
    """What changed in Xero about an order that can still be approved.

    `untracked` are the codes of the items whose stock Xero does not track.
    """
    if order.state not in {OrderState.DRAFT, OrderState.APPROVED, OrderState.FAILED}:
        return XeroChanges()
    supplier, at = known.contact_of(order.supplier_id), named_at(order)
    is_merged = supplier != order.supplier_id
    name = _name_of(known, order.supplier_id) or order.supplier_name
    gone = [line.product_code for line in order.lines if known.is_gone(line.product_code, at)]
    names = {line.product_code: known.code_of(line.product_code, at) for line in order.lines}
    renamed = {old: new for old, new in names.items() if new != old and old not in gone}
    left = [new for old, new in names.items() if old not in gone and new in untracked]
    return XeroChanges(
        supplier=(supplier, _name_of(known, supplier)) if is_merged else None,
        renamed_products=renamed,
        obstacles=_sentences(_is_closed(known, supplier, name), _GONE.format(", ".join(gone)) if gone else ""),
        notes=_sentences(
            f"Xero merged its supplier {name} into another contact, which gets the order" if is_merged else "",
            *(_renamed(order, old, new) for old, new in renamed.items()),
            f"Xero no longer tracks stock of {', '.join(left)}" if left else "",
        ),
    )


def _renamed(order: Order, old: str, new: str) -> str:
    if order.state is OrderState.APPROVED:
        return f"Xero renamed the item {old} to {new}: approve the order again to send it as {new}"
    return f"Xero renamed the item {old} to {new}: it is ordered as {new}"


def _sentences(*sentences: str) -> tuple[str, ...]:
    return tuple(sentence for sentence in sentences if sentence)


def check_can_be_approved(order: Order, changes: XeroChanges) -> None:
    """Check that Xero would accept the order.

    Raises:
        OrderError: its supplier is archived, or an item is deleted; the sentence says what to do.
    """
    if changes.obstacles:
        raise OrderError(f"The order {order.purchase_order_number} cannot be approved: {'; '.join(changes.obstacles)}.")


def with_supplier_as_it_is(known: Identities, order: Order, contacts: Contacts, *, at: datetime) -> Identities:
    """The known identities, with the order's supplier, and the contacts it was merged into, as Xero has them now."""
    states, contact_id = dict(known.contacts), order.supplier_id
    for _ in range(_LONGEST_CHAIN):
        held = contacts.contact(contact_id)
        if held is None:
            states[contact_id] = ContactState("", None, is_archived=True, seen_at=at)
            break
        merged_into = str(held.get("MergedToContactID") or "") or None
        is_closed = held.get("ContactStatus") in ARCHIVED_STATUSES
        states[contact_id] = ContactState(str(held.get("Name") or ""), merged_into, is_closed, at)
        if merged_into is None:
            break
        contact_id = merged_into
    return replace(known, contacts=states)


def _is_closed(known: Identities, supplier: str, drafted_name: str) -> str:
    state = known.contacts.get(supplier)
    if state is None or not state.is_archived:
        return ""
    return (
        f"its supplier {state.name or drafted_name} is archived or deleted in Xero: restore the contact there; or set "
        f"another preferred supplier, plan again, and reject this order"
    )


def _name_of(known: Identities, contact_id: str) -> str:
    state = known.contacts.get(contact_id)
    return state.name if state is not None else ""
