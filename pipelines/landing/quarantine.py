"""Records of Xero that cannot be read: what they still say of themselves, and how they are kept until they can be.

What belongs here: the row of `raw.quarantined_records`, and which version of a record is its newest.
What does not: reading pages (`pages.py`), and what the plan lacks without the record (dbt).
A record stays until a version that is as new was read well, whatever loads come between.
Read more in docs/loading.md.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import duckdb
import msgspec
import polars as pl

from pipelines.landing.endpoints import Endpoint
from pipelines.storage.tables import QUARANTINED_RECORDS
from pipelines.storage.warehouse import insert_rows
from pipelines.xero import wire

_VITAL: Final = ("Quantity`", "QuantityOnHand`", "Date`", "DateString`")
_NUMBERS: Final = {
    "Items": "Code", "Contacts": "Name", "Invoices": "InvoiceNumber", "CreditNotes": "CreditNoteNumber",
    "PurchaseOrders": "PurchaseOrderNumber",
}  # fmt: skip
_BY_NUMBER: Final = "number "
_MOST: Final = 1e13
_VERSION_DIGITS: Final = 16


@dataclass(frozen=True)
class Unreadable:
    """A record that is not what Xero's interface promises: which one, why it cannot be read, and its JSON.

    `record_id` is Xero's id; else the record's number, else its bytes' fingerprint. `total` is in `currency_code`.
    `is_vital`: what cannot be read is a date or a quantity, without which a plan would be wrong.
    """

    endpoint: str
    record_id: str
    reason: str
    body: str
    is_vital: bool
    document_type: str = ""
    number: str = ""
    name: str = ""
    status: str = ""
    total: Decimal | None = None
    currency_code: str = ""
    currency_rate: Decimal | None = None
    updated_at: datetime | None = None

    @property
    def version(self) -> str:
        """The fingerprint of what Xero answered: another one once the record changes there."""
        return _fingerprint(self.body)


def unreadable_record(record: bytes, endpoint: Endpoint, reason: str) -> Unreadable:
    """An unreadable record with all that it still says of itself."""
    body = record.decode(errors="replace")
    fields = _fields_of(body)
    name = next(field.encode_name for field in msgspec.structs.fields(endpoint.record) if field.name == endpoint.key)
    number = _text(fields, _NUMBERS[endpoint.name])
    contact = fields.get("Contact")
    return Unreadable(
        endpoint=endpoint.name,
        record_id=_text(fields, name) or (_BY_NUMBER + number if number else _fingerprint(body)),
        reason=reason,
        body=body,
        is_vital=reason.endswith(_VITAL),
        document_type=_text(fields, "Type"),
        number=number,
        name=_text(contact, "Name") if isinstance(contact, dict) else _text(fields, "Name"),
        status=_text(fields, "Status") or _text(fields, "ContactStatus"),
        total=_number(fields, "Total", places=2),
        currency_code=_text(fields, "CurrencyCode"),
        currency_rate=_number(fields, "CurrencyRate", places=6),
        updated_at=wire.instant(_text(fields, "UpdatedDateUTC")),
    )


def newer(one: Unreadable, other: Unreadable | None) -> Unreadable:
    """The newer of two versions of a record by Xero's stamps; the first where they do not tell."""
    if other is None or one.updated_at is None or other.updated_at is None:
        return one
    return other if other.updated_at > one.updated_at else one


def is_as_new(updated_at: datetime | None, unreadable: Unreadable) -> bool:
    """Whether a version that was read is at least as new as one that could not be; so it is if stamps do not tell."""
    return unreadable.updated_at is None or updated_at is None or updated_at >= unreadable.updated_at


def newest(
    connection: duckdb.DuckDBPyConnection, unreadable: Sequence[Unreadable], *, versions: str
) -> list[Unreadable]:
    """Those records of which no newer version was seen; `versions` is a query for records' ids and stamps."""
    query = f"select id, max(updated_at) from ({versions}) as seen (id, updated_at) group by id"
    stamps = dict(connection.execute(query).fetchall()) if unreadable else {}
    return [one for one in unreadable if not _is_older(one, stamps.get(one.record_id))]


def versions_of(endpoint: Endpoint, *tables: str) -> str:
    """A query for the ids and stamps of a list's records in some tables, and of those that could not be read."""
    read = [f"select {endpoint.key}, updated_at from {table}" for table in tables]
    noted = f"select record_id, updated_at from {QUARANTINED_RECORDS.path} where list = '{endpoint.name}'"
    return " union all ".join([*read, noted])


def forget_read(connection: duckdb.DuckDBPyConnection, endpoint: Endpoint, latest: str) -> None:
    """Forget the records of which a version as new was read, by their id, or by their number if they had no id.

    `latest` is a table of the records that were read: id, number and stamp.
    """
    noted = QUARANTINED_RECORDS.path
    connection.execute(
        f"delete from {noted} where list = ? and exists (select 1 from {latest} as read where {noted}.record_id in "
        f"(read.{endpoint.key}, '{_BY_NUMBER}' || read.number) "
        f"and coalesce(read.updated_at >= {noted}.updated_at, true))",
        [endpoint.name],
    )


def forget_list(connection: duckdb.DuckDBPyConnection, endpoint: Endpoint) -> None:
    """Forget all of a list: the whole of it came, and what it could not tell is noted again."""
    connection.execute(f"delete from {QUARANTINED_RECORDS.path} where list = ?", [endpoint.name])


def note(
    connection: duckdb.DuckDBPyConnection, endpoint: Endpoint, unreadable: Sequence[Unreadable], *, load_id: str
) -> None:
    """Note what could not be read, in the place of what was noted of the same records."""
    table = QUARANTINED_RECORDS
    connection.execute(
        f"delete from {table.path} where list = ? and record_id in (select unnest(?::varchar[]))",
        [endpoint.name, [one.record_id for one in unreadable]],
    )
    rows = [
        {
            "list": one.endpoint, "record_id": one.record_id, "document_type": one.document_type,
            "document_number": one.number, "name": one.name, "status": one.status, "total": one.total,
            "currency_code": one.currency_code, "currency_rate": one.currency_rate, "updated_at": one.updated_at,
            "reason": one.reason, "body": one.body, "version": one.version, "load_id": load_id,
        }
        for one in unreadable
    ]  # fmt: skip
    insert_rows(connection, table.path, pl.DataFrame(rows, schema=table.schema, orient="row"))


def _is_older(unreadable: Unreadable, stamp: datetime | None) -> bool:
    return unreadable.updated_at is not None and stamp is not None and unreadable.updated_at < stamp


def _fields_of(body: str) -> dict[str, Any]:
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


def _number(fields: dict[str, Any], name: str, *, places: int) -> Decimal | None:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_MOST <= value <= _MOST:
        return None
    return round(Decimal(str(value)), places)


def _fingerprint(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:_VERSION_DIGITS]
