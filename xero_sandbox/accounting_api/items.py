"""Items as callers write them: created, changed, removed for good. Their quantities are read-only.

What belongs here: the rules of an item. What does not: what moves its stock (`stock.py`).
Read more in docs/sandbox.md.
"""

from decimal import Decimal
from typing import Any

from xero_sandbox.accounting_api.incoming import Fields, InvalidError
from xero_sandbox.core.books import Books, new_id
from xero_sandbox.core.documents import Item


def write_item(books: Books, record: dict[str, Any], *, is_create: bool) -> tuple[Item, list[str]]:
    """The item as it is now kept."""
    fields = Fields(record)
    present = None if is_create else _named(books, fields)
    item = _read(fields, books, present)
    _check(fields, books, item, present)
    fields.finish()
    books.keep("items", item)
    return item, []


def _named(books: Books, fields: Fields) -> Item | None:
    """The item that an update names by id or by code."""
    identity = fields.text("ItemID").lower()
    if not identity:
        return books.item_by_code(fields.text("Code"))
    known = books.world.items.get(identity)
    if known is None:
        raise InvalidError("The document with the supplied id was not found for this endpoint.")
    return known


def _read(fields: Fields, books: Books, present: Item | None) -> Item:
    """What was sent over what was there; a new item is tracked where an asset account is named."""
    code = fields.text("Code", present.code if present else "", longest=30)
    purchase, sales = (fields.part(side) for side in ("PurchaseDetails", "SalesDetails"))
    is_tracked = present.is_tracked if present else fields.has("InventoryAssetAccountCode")
    return Item(
        item_id=present.item_id if present else new_id(),
        code=code,
        name=fields.text("Name", present.name if present else code, longest=50),
        description=fields.text("Description", present.description if present else ""),
        is_sold=fields.flag("IsSold", default=present.is_sold if present else True),
        is_purchased=fields.flag("IsPurchased", default=present.is_purchased if present else True),
        is_tracked=is_tracked,
        purchase_unit_price=_price(purchase, present.purchase_unit_price if present else None),
        sales_unit_price=_price(sales, present.sales_unit_price if present else None),
        quantity_on_hand=present.quantity_on_hand if present else Decimal(0),
        quantity_on_back_order=present.quantity_on_back_order if present else Decimal(0),
        total_cost_pool=present.total_cost_pool if present else Decimal(0),
        updated_at=books.clock.now(),
    )


def _price(side: Fields, present: Decimal | None) -> Decimal | None:
    return side.number("UnitPrice", Decimal(0)) if side.has("UnitPrice") else present


def _check(fields: Fields, books: Books, item: Item, present: Item | None) -> None:
    if not item.code:
        fields.problems.append("The Code field is required")
    namesake = books.item_by_code(item.code)
    if namesake is not None and namesake is not present:
        fields.problems.append(f"Price List Item with Code '{item.code}' already exists")
