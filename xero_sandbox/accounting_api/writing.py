"""PUT and POST: each element on its own, answered one by one or as a summary of what failed.

What belongs here: the two ways of `summarizeErrors` and how a refused element looks.
What does not: the rules of a kind of document, which are the writers'.
Read more in docs/sandbox.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from xero_sandbox.accounting_api.incoming import InvalidError, elements
from xero_sandbox.accounting_api.listing import XeroList, unit_decimals
from xero_sandbox.core.answers import Answer, Call, envelope, rendered, validation_failed
from xero_sandbox.core.books import Books, Kept
from xero_sandbox.core.json_records import ZERO_ID, RecordDetail
from xero_sandbox.core.rendering import record_of

Record = dict[str, Any]
Writer = Callable[..., tuple[Kept, list[str]]]
_ECHOED: Final = {
    "PurchaseOrders": ("PurchaseOrderNumber", "Reference"),
    "Invoices": ("InvoiceNumber", "Reference"),
    "CreditNotes": ("CreditNoteNumber", "Reference"),
    "Items": ("Code", "Name", "Description"),
    "Contacts": ("Name", "ContactNumber", "EmailAddress"),
}


@dataclass(frozen=True)
class ElementOutcome:
    """What became of one element: kept with warnings, or refused with errors."""

    sent: Record
    kept: Kept | None
    errors: list[str]
    warnings: list[str]


def write_answer(
    endpoint: XeroList, call: Call, books: Books, *, writer: Writer, identity: str | None = None
) -> Answer:
    """Keep what can be kept; the answer tells each element's fate, or the summary's."""
    rows = elements(call, endpoint.name)
    if identity is not None:
        rows = [row | {endpoint.id_field: identity} for row in rows]
    is_create = call.method == "PUT"
    is_summary = call.is_on("summarizeErrors", default=books.switches.is_error_summary_usual)
    outcomes = [_outcome(books, row, writer, is_create=is_create) for row in rows]
    if is_summary:
        return _summary(endpoint, call, books, outcomes)
    return _answer(endpoint, call, books, outcomes, is_each=True)


def _outcome(books: Books, row: Record, writer: Writer, *, is_create: bool) -> ElementOutcome:
    try:
        kept, warnings = writer(books, row, is_create=is_create)
    except InvalidError as invalid:
        return ElementOutcome(row, None, invalid.messages, [])
    return ElementOutcome(row, kept, [], warnings)


def _summary(endpoint: XeroList, call: Call, books: Books, outcomes: list[ElementOutcome]) -> Answer:
    """A 400 with the refused elements; those without fault are kept all the same, which is the worse case."""
    refused = [_refused(endpoint, outcome) for outcome in outcomes if outcome.errors]
    if refused:
        return validation_failed(refused)
    return _answer(endpoint, call, books, outcomes, is_each=False)


def _answer(endpoint: XeroList, call: Call, books: Books, outcomes: list[ElementOutcome], *, is_each: bool) -> Answer:
    names, view = books.names(), RecordDetail(unit_decimals=unit_decimals(endpoint, call, books))
    records = []
    for outcome in outcomes:
        if outcome.kept is None:
            records.append(_refused(endpoint, outcome) | {"StatusAttributeString": "ERROR"})
            continue
        record = record_of(outcome.kept, names=names, view=view)
        if is_each:
            record["StatusAttributeString"] = "WARNING" if outcome.warnings else "OK"
        if outcome.warnings:
            record["Warnings"] = [{"Message": message} for message in outcome.warnings]
        records.append(record)
    rows = [rendered(record) for record in records]
    return envelope(endpoint.name, rows, now=books.clock.shown())


def _refused(endpoint: XeroList, outcome: ElementOutcome) -> Record:
    """A refused element: what was sent of it, with the id of nothing and its errors."""
    echo = {name: outcome.sent[name] for name in _ECHOED[endpoint.name] if outcome.sent.get(name) is not None}
    errors = {"ValidationErrors": [{"Message": message} for message in outcome.errors]}
    return {endpoint.id_field: outcome.sent.get(endpoint.id_field) or ZERO_ID} | echo | errors
