"""What people do in Xero while nobody looks, drawn by Hypothesis, and what the wire does on a bad day."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from xero_sandbox.behaviour.edits import CopyToBill, Edit, Merge, Pay, Write
from xero_sandbox.behaviour.faults import Fault
from xero_sandbox.core.documents import World

Wish = tuple[str, int, str]


@dataclass(frozen=True)
class Draw:
    """What a wish chooses from a world: the same number chooses another thing in another world."""

    world: World
    number: int
    word: str

    def chosen(self, name: str) -> str:
        collections: dict[str, dict[str, Any]] = {
            "Invoices": self.world.invoices, "CreditNotes": self.world.credit_notes, "Items": self.world.items,
            "PurchaseOrders": self.world.purchase_orders, "Contacts": self.world.contacts,
        }  # fmt: skip
        held = list(collections[name])
        return f"{name}/{held[self.number % len(held)] if held else 'none'}"

    @property
    def document(self) -> str:
        return self.chosen(("Invoices", "Invoices", "CreditNotes", "PurchaseOrders")[self.number % 4])

    @property
    def code(self) -> str:
        codes = [item.code for item in self.world.items.values()]
        return codes[self.number % len(codes)] if codes else ""

    def new(self, name: str, kind: str = "") -> Edit:
        line = {"ItemCode": self.code, "Description": self.word, "Quantity": 1 + self.number % 3, "UnitAmount": 2.5}
        body: dict[str, Any] = {
            "Contact": {"ContactID": self.chosen("Contacts").partition("/")[2]},
            "LineItems": [line] * (1 + self.number % 2),
            "Reference": self.word,
            "Status": ("DRAFT", "SUBMITTED", "AUTHORISED")[self.number % 3],
        }
        return Write(path=name, body=body | ({"Type": kind} if kind else {}), method="PUT")

    def change(self, path: str, **body: str) -> Edit:
        return Write(path=path, body=body)


EDITS: dict[str, Callable[[Draw], Edit]] = {
    "sale": lambda of: of.new("Invoices", "ACCREC"),
    "bill": lambda of: of.new("Invoices", "ACCPAY"),
    "credit": lambda of: of.new("CreditNotes", "ACCRECCREDIT"),
    "order": lambda of: of.new("PurchaseOrders"),
    "reword": lambda of: of.change(of.document, Reference=f"{of.word}{of.number}"),
    "approve": lambda of: of.change(of.document, Status="AUTHORISED"),
    "void": lambda of: of.change(of.document, Status="VOIDED"),
    "delete": lambda of: of.change(of.document, Status="DELETED"),
    "pay": lambda of: Pay(path=of.chosen("Invoices")),
    "promise": lambda of: of.change(of.chosen("PurchaseOrders"), DeliveryDate=f"2026-04-{1 + of.number % 28:02}"),
    "close": lambda of: of.change(of.chosen("PurchaseOrders"), Status="BILLED"),
    "copy": lambda of: CopyToBill(path=of.chosen("PurchaseOrders"), status="AUTHORISED"),
    "contact": lambda of: Write(path="Contacts", body={"Name": f"{of.word} {of.number}"}, method="PUT"),
    "write to": lambda of: of.change(of.chosen("Contacts"), EmailAddress=f"{of.number}@example.com"),
    "archive": lambda of: of.change(of.chosen("Contacts"), ContactStatus="ARCHIVED"),
    "merge": lambda of: Merge(
        contact=of.chosen("Contacts").partition("/")[2],
        into=list(of.world.contacts)[(of.number + 1) % len(of.world.contacts)],
    ),
    "item": lambda of: Write(path="Items", body={"Code": f"N-{of.number}", "Name": of.word}, method="PUT"),
    "rename item": lambda of: of.change(of.chosen("Items"), Code=of.code, Name=f"{of.word}{of.number}"),
    "delete item": lambda of: Write(path=of.chosen("Items"), method="DELETE"),
}
wishes = st.tuples(
    st.sampled_from(list(EDITS)),
    st.integers(0, 10_000),
    st.sampled_from(["a", "b", "c", "déjà vu", "'; drop table raw", "0"]),
)


def edit_of(world: World, wish: Wish) -> Edit:
    """The edit that a wish means in this world; Xero may refuse it."""
    action, number, word = wish
    return EDITS[action](Draw(world, number, word))


@st.composite
def faults(draw: st.DrawFn) -> Fault:
    """Something that goes wrong with one of the next calls."""
    fault = draw(st.sampled_from(["drop_before", "drop_after", "answer", "truncate", "cut", "limit", "token", "stale"]))
    at: dict[str, Any] = {
        "path": "/api.xro/",
        "skip": draw(st.integers(0, 12)),
        "times": draw(st.sampled_from([1, 1, 4])),
    }
    match fault:
        case "answer":
            status, body = draw(st.sampled_from([(500, "oops"), (503, "The Organisation is offline"), (200, "<html>")]))
            return Fault(kind="answer", status=status, body=body, **at)
        case "truncate" | "cut":
            return Fault(kind="truncate", keep_bytes=draw(st.integers(0, 3000)), is_cut=fault == "cut", **at)
        case "limit":
            limits: list[dict[str, Any]] = [
                {"problem": "minute", "retry_after": 7}, {"problem": "concurrent"},
                {"problem": "day", "retry_after": 5000},
            ]  # fmt: skip
            return Fault(kind="rate_limit", **draw(st.sampled_from(limits)), **at)
        case "token":
            return Fault(kind="expire_tokens", **at)
        case "stale":
            return Fault(kind="stale_read", seconds=60, **at)
        case _:
            return Fault(kind="drop_before" if fault == "drop_before" else "drop_after", **at)
