"""Rules of the stock engine, whatever is approved, changed or voided, in whatever order."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.xero_sandbox.sandbox_builders import LONG_AGO, a_contact, a_world, an_item, guid
from xero_sandbox.accounting_api.incoming import InvalidError
from xero_sandbox.accounting_api.invoices import write_credit_note, write_invoice
from xero_sandbox.core.books import Books
from xero_sandbox.core.clock import Clock

CODES = ("TEA", "MILK")
ARRIVES = {"ACCPAY": 1, "ACCRECCREDIT": 1, "ACCREC": -1, "ACCPAYCREDIT": -1}

lines = st.lists(
    st.fixed_dictionaries(
        {
            "ItemCode": st.sampled_from(CODES),
            "Quantity": st.integers(1, 60),
            "UnitAmount": st.decimals("0.01", "9.99", places=2),
        }
    ),
    min_size=1,
    max_size=3,
)
creations = st.tuples(st.sampled_from(sorted(ARRIVES)), st.sampled_from(["DRAFT", "AUTHORISED"]), lines)
changes = st.tuples(st.integers(0, 9), st.sampled_from(["AUTHORISED", "VOIDED", "DELETED"]), st.none() | lines)


def a_bookkeeper():
    world = a_world(*[an_item(code, on_hand=50) for code in CODES], a_contact("Someone"))
    return Books(world, clock=Clock(LONG_AGO + timedelta(days=1)))


def write(books, kind, record):
    """Whether Xero would have kept it."""
    writer = write_credit_note if kind.endswith("CREDIT") else write_invoice
    try:
        writer(books, record, is_create="Contact" in record)
    except InvalidError:
        return False
    return True


def documents(books):
    return [*books.world.invoices.values(), *books.world.credit_notes.values()]


def expected_on_hand(books, code):
    """Opening stock and every approved line, counted anew from the documents alone."""
    approved = [document for document in documents(books) if document.status == "AUTHORISED"]
    moved = (ARRIVES[d.kind] * line.quantity for d in approved for line in d.lines if line.item_code == code)
    return 50 + sum(moved)


@settings(max_examples=60, deadline=None)
@given(st.lists(creations, min_size=1, max_size=10), st.lists(changes, max_size=10))
def test_stock_is_opening_plus_all_that_is_approved_and_never_negative(made, changed):
    books = a_bookkeeper()
    contact = {"Contact": {"ContactID": guid("contact Someone")}}
    for kind, status, rows in made:
        write(books, kind, contact | {"Type": kind, "Status": status, "LineItems": rows})
    for index, status, rows in changed:
        if index < len(documents(books)):
            one = documents(books)[index]
            name = "CreditNoteID" if one.kind.endswith("CREDIT") else "InvoiceID"
            more = {} if rows is None else {"LineItems": rows}
            write(books, one.kind, {name: one.document_id, "Status": status} | more)
    for code in CODES:
        item = books.item_by_code(code)
        assert item.quantity_on_hand == expected_on_hand(books, code)
        assert item.quantity_on_hand >= 0
        assert item.total_cost_pool >= 0
        assert item.quantity_on_hand > 0 or item.total_cost_pool == Decimal(0)


@settings(max_examples=40, deadline=None)
@given(st.lists(creations, min_size=1, max_size=6))
def test_restoring_brings_back_the_start(made):
    books = a_bookkeeper()
    contact = {"Contact": {"ContactID": guid("contact Someone")}}
    for kind, status, rows in made:
        write(books, kind, contact | {"Type": kind, "Status": status, "LineItems": rows})
    books.restore()
    assert books.world == a_bookkeeper().world
