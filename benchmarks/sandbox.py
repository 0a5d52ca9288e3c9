"""A sandbox in a process of its own, and what happens in its Xero in a day.

What belongs here: starting it, moving its clock, and writing a day's documents. What does not: our commands.
"""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any, Final

import httpx2

from stocktrim_cli.serve import free_port, stop, wait_for_port

CREDENTIALS: Final = {"XERO_CLIENT_ID": "bench", "XERO_CLIENT_SECRET": "bench"}
LISTS: Final = ("Invoices", "CreditNotes", "PurchaseOrders")
NAMES: Final = ("Type", "CurrencyCode", "LineAmountTypes")
LINE_NAMES: Final = ("ItemCode", "Description", "Quantity", "UnitAmount", "TaxType", "AccountCode")
BUSY: Final = 20


@contextmanager
def sandbox(words: tuple[str, ...]) -> Iterator[str]:
    """The address of a sandbox in a process of its own, started with these options of `stocktrim sandbox`."""
    port = free_port(8765)
    command = [sys.executable, "-m", "stocktrim_cli.main", "sandbox", "--port", str(port), *words]
    environment = {**os.environ, **CREDENTIALS}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment) as process:  # noqa: S603, our own
        try:
            wait_for_port(port, {"the sandbox": process}, patience_seconds=300)
            yield f"http://127.0.0.1:{port}"
        finally:
            stop(process)


def environment_of(home: str, address: str) -> dict[str, str]:
    """The environment of a command whose home is `home`, and whose Xero is the sandbox at `address`."""
    xero = {"XERO_API_URL": address, "XERO_IDENTITY_URL": address}
    return {**os.environ, **CREDENTIALS, **xero, "STOCKTRIM_HOME": home, "STOCKTRIM_USER": "a buyer"}


def advance_clock(address: str, seconds: float) -> None:
    """Let time pass in the sandbox's Xero; a negative number turns it back."""
    httpx2.post(f"{address}/_admin/clock", json={"advance_seconds": seconds}).raise_for_status()


def write_day(address: str, day: date) -> int:
    """Write the documents of the last busy day of its history once more, as those of `day`; how many Xero accepted."""
    books = httpx2.get(f"{address}/_admin/books", timeout=60).raise_for_status().json()
    by_day: dict[str, list[tuple[str, Mapping[str, Any]]]] = defaultdict(list)
    for path in LISTS:
        for document in books[path]:
            if document["Status"] in {"AUTHORISED", "PAID", "BILLED"}:
                by_day[document["DateString"]].append((path, document))
    last = max(written for written, documents in by_day.items() if len(documents) >= BUSY)
    edits = [
        {"do": "write", "method": "PUT", "path": path, "body": _copied(document, day)}
        for path, document in by_day[last]
    ]
    answers = httpx2.post(f"{address}/_admin/edits", json=edits, timeout=60).raise_for_status().json()
    return sum(answer["status"] == httpx2.codes.OK for answer in answers)


def _copied(document: Mapping[str, Any], day: date) -> dict[str, Any]:
    """A new document of this day for the same contact, with the same lines."""
    lines = [{name: line[name] for name in LINE_NAMES if name in line} for line in document["LineItems"]]
    dates = {name: day.isoformat() for name in ("Date", "DueDate") if name in document}
    kept = {name: document[name] for name in NAMES if name in document}
    contact = {"ContactID": document["Contact"]["ContactID"]}
    return {**kept, **dates, "Status": "AUTHORISED", "Contact": contact, "LineItems": lines}
