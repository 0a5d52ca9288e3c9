"""Quarantine: records of Xero that cannot be read, stored with what they still say until a version can be read.

What belongs here: the row of `raw.quarantined_records`, and which version of a record is its newest.
What does not: reading pages (`pages.py`), and what the plan lacks without the record (dbt).
A record stays until a version that is at least as new was read, whatever loads come between.
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
    """A record that is not what Xero's interface promises: its id, the reason, and its JSON.

    `record_id` is Xero's id; else the record's number, else its bytes' fingerprint. `total` is in `currency_code`.
    `is_vital`: a date or a quantity is unreadable, without which a plan would be wrong.
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
        """The fingerprint of the record's JSON, which differs once the record changes in Xero."""
        return _fingerprint(self.body)


def unreadable_record(record: bytes, endpoint: Endpoint, reason: str) -> Unreadable:
    """An unreadable record, with every field of it that can be read."""
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


def newer(record: Unreadable, held: Unreadable | None) -> Unreadable:
    """The newer of two versions of a record by Xero's stamps; the first if a stamp is missing."""
    if held is None or record.updated_at is None or held.updated_at is None:
        return record
    return held if held.updated_at > record.updated_at else record


def is_as_new(updated_at: datetime | None, unreadable: Unreadable) -> bool:
    """Whether a readable version is at least as new as an unreadable one; yes if a stamp is missing."""
    return unreadable.updated_at is None or updated_at is None or updated_at >= unreadable.updated_at


def newest(
    connection: duckdb.DuckDBPyConnection, unreadable: Sequence[Unreadable], *, versions: str
) -> list[Unreadable]:
    """The records without a newer version; `versions` is a query for records' ids and stamps."""
    query = f"select id, max(updated_at) from ({versions}) as seen (id, updated_at) group by id"
    stamps = dict(connection.execute(query).fetchall()) if unreadable else {}
    return [record for record in unreadable if not _is_older(record, stamps.get(record.record_id))]


def versions_of(endpoint: Endpoint, *tables: str) -> str:
    """A query for the ids and stamps of a list's records in some tables and in quarantine."""
    read = [f"select {endpoint.key}, updated_at from {table}" for table in tables]
    quarantined = f"select record_id, updated_at from {QUARANTINED_RECORDS.path} where list = '{endpoint.name}'"
    return " union all ".join([*read, quarantined])


def forget_read(connection: duckdb.DuckDBPyConnection, endpoint: Endpoint, latest: str) -> None:
    """Delete from quarantine the records of which a version as new was read, by id or else by number.

    `latest` is a table of the records that were read: id, number and stamp.
    """
    table = QUARANTINED_RECORDS.path
    connection.execute(
        f"delete from {table} where list = ? and exists (select 1 from {latest} as read where {table}.record_id in "
        f"(read.{endpoint.key}, '{_BY_NUMBER}' || read.number) "
        f"and coalesce(read.updated_at >= {table}.updated_at, true))",
        [endpoint.name],
    )


def forget_list(connection: duckdb.DuckDBPyConnection, endpoint: Endpoint) -> None:
    """Delete a list from quarantine: the whole of it came, and its unreadable records are stored again."""
    connection.execute(f"delete from {QUARANTINED_RECORDS.path} where list = ?", [endpoint.name])


def quarantine(
    connection: duckdb.DuckDBPyConnection, endpoint: Endpoint, unreadable: Sequence[Unreadable], *, load_id: str
) -> None:
    """Store unreadable records, each in the place of its former version."""
    table = QUARANTINED_RECORDS
    connection.execute(
        f"delete from {table.path} where list = ? and record_id in (select unnest(?::varchar[]))",
        [endpoint.name, [record.record_id for record in unreadable]],
    )
    rows = [
        {
            "list": record.endpoint, "record_id": record.record_id, "document_type": record.document_type,
            "document_number": record.number, "name": record.name, "status": record.status, "total": record.total,
            "currency_code": record.currency_code, "currency_rate": record.currency_rate,
            "updated_at": record.updated_at, "reason": record.reason, "body": record.body, "version": record.version,
            "load_id": load_id,
        }
        for record in unreadable
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
