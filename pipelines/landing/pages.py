"""A page of Xero as frames: every record a row, every document line a row, what cannot be read set aside.

What belongs here: bytes in, frames of the shape of `raw` out. What does not: calls (`extract.py`).
One record that cannot be read never costs the page: it is set aside with its reason.
Read more in docs/operations.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import polars as pl

from pipelines.landing.endpoints import Endpoint, line_rows, start_of_server_clock
from pipelines.tables import Table, type_of
from pipelines.xero import wire
from pipelines.xero.client import Answer, decoded
from pipelines.xero.errors import UnreadableAnswerError


@dataclass(frozen=True)
class Unreadable:
    """A record that is not what Xero's interface promises: which one, and why it cannot be read."""

    endpoint: str
    record_id: str
    reason: str


@dataclass(frozen=True)
class Page:
    """One page of a list: its rows, its lines, and where it stands."""

    records: pl.DataFrame
    lines: pl.DataFrame | None
    unreadable: tuple[Unreadable, ...]
    pagination: wire.Pagination | None
    server_time: datetime


def read_page(answer: Answer, endpoint: Endpoint) -> Page:
    """The page of an answer as frames.

    Raises:
        UnreadableAnswerError: the answer as a whole is not readable.
    """
    envelope = decoded(answer.body, dict[str, msgspec.Raw], f"the list of {endpoint.name}")
    if endpoint.name not in envelope:
        raise UnreadableAnswerError(f"Xero's answer holds no {endpoint.name}; nothing was stored. Load again.")
    records, unreadable = _records(envelope[endpoint.name], endpoint)
    lines = endpoint.lines
    return Page(
        records=frame_of([endpoint.row(record) for record in records], endpoint.table),
        lines=None if lines is None else frame_of(_lines(records, endpoint), lines),
        unreadable=unreadable,
        pagination=_pagination(envelope),
        server_time=start_of_server_clock(_text(envelope, "DateTimeUTC")),
    )


def read_organisation(answer: Answer) -> wire.Organisation:
    """The organisation's own record.

    Raises:
        UnreadableAnswerError: there is none in the answer.
    """
    envelope = decoded(answer.body, dict[str, msgspec.Raw], "the organisation")
    found = decoded(bytes(envelope.get("Organisations", b"[]")), list[wire.Organisation], "the organisation")
    return found[0] if found else wire.Organisation()


def frame_of(rows: Sequence[tuple[Any, ...]], table: Table) -> pl.DataFrame:
    """Rows of Python values in the order of a table's columns, as a frame of its types.

    Numbers come as doubles and are rounded to the decimals that Xero keeps.
    """
    as_read: dict[str, type_of] = {
        name: pl.Float64 if isinstance(dtype, pl.Decimal) else dtype for name, dtype in table.columns.items()
    }
    frame = pl.DataFrame(rows, schema=as_read, orient="row")
    return frame.with_columns(
        pl.col(name).round(dtype.scale).cast(dtype)
        for name, dtype in table.columns.items()
        if isinstance(dtype, pl.Decimal)
    )


def _records(body: msgspec.Raw, endpoint: Endpoint) -> tuple[list[Any], tuple[Unreadable, ...]]:
    try:
        return msgspec.json.decode(body, type=list[endpoint.record] | None) or [], ()  # type: ignore[name-defined]
    except msgspec.ValidationError:
        return _one_by_one(body, endpoint)


def _one_by_one(body: msgspec.Raw, endpoint: Endpoint) -> tuple[list[Any], tuple[Unreadable, ...]]:
    read, unreadable = [], []
    for raw in decoded(bytes(body), list[msgspec.Raw], f"the list of {endpoint.name}"):
        try:
            read.append(msgspec.json.decode(raw, type=endpoint.record))
        except msgspec.ValidationError as reason:
            unreadable.append(Unreadable(endpoint.name, _id_of(raw, endpoint), str(reason)))
    return read, tuple(unreadable)


def _id_of(raw: msgspec.Raw, endpoint: Endpoint) -> str:
    record = msgspec.json.decode(raw)
    name = next(field.encode_name for field in msgspec.structs.fields(endpoint.record) if field.name == endpoint.key)
    return str(record.get(name, "")) if isinstance(record, dict) else ""


def _lines(records: Sequence[Any], endpoint: Endpoint) -> list[tuple[Any, ...]]:
    return [row for record in records for row in line_rows(getattr(record, endpoint.key), record.line_items or ())]


def _pagination(envelope: dict[str, msgspec.Raw]) -> wire.Pagination | None:
    raw = envelope.get("pagination")
    return None if raw is None else decoded(bytes(raw), wire.Pagination, "the number of pages")


def _text(envelope: dict[str, msgspec.Raw], name: str) -> str | None:
    raw = envelope.get(name)
    return None if raw is None else str(msgspec.json.decode(raw))
