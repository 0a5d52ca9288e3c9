"""Pages of Xero as frames: every record a row, every document line a row, unreadable records set aside.

What belongs here: bytes in, frames of the shape of `raw` out. What does not: calls (`extract.py`).
An unreadable record never costs the page: it is set aside with its reason.
Read more in docs/loading.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import polars as pl

from pipelines.landing.endpoints import Columns, Endpoint, line_columns
from pipelines.landing.quarantine import Unreadable, unreadable_record
from pipelines.storage.tables import Table, type_of
from pipelines.xero import wire
from pipelines.xero.xero_errors import UnreadableAnswerError


@dataclass(frozen=True)
class Page:
    """A page of a list: its rows, its lines, its place in the list, and Xero's clock at the answer."""

    records: pl.DataFrame
    lines: pl.DataFrame | None
    unreadable: tuple[Unreadable, ...]
    pagination: wire.Pagination | None
    server_time: datetime


def read_page(body: bytes, endpoint: Endpoint) -> Page:
    """The page in an answer, as frames.

    Raises:
        UnreadableAnswerError: the answer as a whole is unreadable.
    """
    unreadable: tuple[Unreadable, ...] = ()
    try:
        envelope = msgspec.json.decode(body, type=endpoint.envelope)
        records = envelope.records or []
    except msgspec.ValidationError:
        envelope, records, unreadable = _record_by_record(body, endpoint)
    except msgspec.DecodeError as broken:
        raise _not_readable(endpoint, str(broken)) from broken
    server_time = wire.instant(envelope.server_time)
    if server_time is None:
        raise _not_readable(endpoint, "it gives no server time")
    lines = endpoint.lines
    return Page(
        records=frame_of(endpoint.columns(records), endpoint.table),
        lines=None if lines is None else frame_of(line_columns(records, endpoint.key), lines),
        unreadable=unreadable,
        pagination=envelope.pagination,
        server_time=server_time,
    )


def frame_of(columns: Columns, table: Table) -> pl.DataFrame:
    """Columns of Python values as a frame of a table's shape.

    Numbers come as doubles and are rounded to the decimals that Xero keeps.
    """
    as_read: dict[str, type_of] = {
        name: pl.Float64 if isinstance(dtype, pl.Decimal) else dtype for name, dtype in table.columns.items()
    }
    frame = pl.DataFrame({name: columns[name] for name in as_read}, schema=as_read)
    return frame.with_columns(
        pl.col(name).round(dtype.scale, mode="half_away_from_zero").cast(dtype)
        for name, dtype in table.columns.items()
        if isinstance(dtype, pl.Decimal)
    )


def _record_by_record(body: bytes, endpoint: Endpoint) -> tuple[Any, Sequence[Any], tuple[Unreadable, ...]]:
    """The envelope, the readable and the unreadable records of a page, each record decoded by itself."""
    try:
        raw = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        envelope = endpoint.envelope(
            records=None,
            pagination=msgspec.json.decode(raw.get("pagination", b"null"), type=wire.Pagination | None),
            server_time=msgspec.json.decode(raw.get("DateTimeUTC", b"null"), type=str | None),
        )
        records = msgspec.json.decode(raw[endpoint.name], type=list[msgspec.Raw] | None) or []
    except (KeyError, msgspec.DecodeError) as broken:
        raise _not_readable(endpoint, str(broken)) from broken
    read, unreadable = [], []
    for record in records:
        try:
            read.append(msgspec.json.decode(record, type=endpoint.record))
        except msgspec.ValidationError as reason:
            unreadable.append(unreadable_record(bytes(record), endpoint, str(reason)))
    return envelope, read, tuple(unreadable)


def _not_readable(endpoint: Endpoint, why: str) -> UnreadableAnswerError:
    return UnreadableAnswerError(
        f"Xero's answer to the list of {endpoint.name} cannot be read ({why}); nothing was stored. Load again; if it "
        f"happens again, ask Xero's support."
    )


def latest_change(page: Page) -> datetime:
    """The newest stamp of a page."""
    found = page.records["updated_at"].max()
    return found if isinstance(found, datetime) else datetime.min.replace(tzinfo=UTC)


def earliest_change(page: Page) -> datetime:
    """The oldest stamp of a page."""
    found = page.records["updated_at"].min()
    return found if isinstance(found, datetime) else datetime.max.replace(tzinfo=UTC)
