"""Stage marks: what a stage read and made when it was last made, so that an unchanged stage is not made again.

What belongs here: the marks in the organisation's warehouse, and whether a stage is unchanged by its mark. What does
not: what a stage reads (`stocktrim_assets/assets`), fingerprints (`fingerprints.py`).
A mark is written in the transaction of the stage's outputs. If another process writes them, the mark is removed before
and written after. So a killed run never leaves a mark of outputs that are not there.
Read more in docs/adr/0011-unchanged-stages-are-skipped.md.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final

import duckdb

FORMAT: Final = 1
"""The version of the marks' form: marks of another one are not read."""
SCHEMA: Final = "stage_marks"
_MARKS: Final = f"{SCHEMA}.marks"
_OLDER: Final = "they are of another version"
_FOREIGN: Final = "they are of another organisation"
_DAMAGED: Final = "they are damaged"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StageMark:
    """What a stage read and made, when, in which run, and what it reported then.

    `inputs` and `outputs` are fingerprints by the name of what was read or made; `report` is any JSON, such as metadata
    and check results, so that a skipped stage reports the same.
    """

    stage: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    made_at: datetime
    run_id: str
    report: object = None


class _UntrustedMarksError(Exception):
    """The marks must not be believed; the message says why."""


def read_marks(connection: duckdb.DuckDBPyConnection, organisation: str) -> dict[str, StageMark]:
    """The mark of each stage by the stage's name; if one cannot be believed, none, and a warning that says why.

    `organisation` identifies the organisation of the warehouse: marks of another organisation are not believed.
    """
    found = connection.execute(
        "select count(*) from duckdb_tables() where schema_name || '.' || table_name = ?", [_MARKS]
    ).fetchall()
    if not found[0][0]:
        return {}
    try:
        return {mark.stage: mark for mark in _believed(connection, organisation)}
    except _UntrustedMarksError as why:
        log.warning("Everything is made again, because the marks of what was made before cannot be used: %s.", why)
        connection.execute(f"drop schema {SCHEMA} cascade")
        return {}


def put_mark(connection: duckdb.DuckDBPyConnection, organisation: str, mark: StageMark) -> None:
    """Replace the mark of a stage, in the caller's transaction."""
    body = json.dumps(asdict(mark) | {"made_at": mark.made_at.isoformat()})
    connection.execute(f"create schema if not exists {SCHEMA}")
    connection.execute(
        f"create table if not exists {_MARKS} "
        "(stage varchar, format integer, organisation varchar, body varchar, checksum varchar)"
    )
    remove_mark(connection, mark.stage)
    row = [mark.stage, FORMAT, organisation, body, _checksum(mark.stage, organisation, body)]
    connection.execute(f"insert into {_MARKS} values (?, ?, ?, ?, ?)", row)


def remove_mark(connection: duckdb.DuckDBPyConnection, stage: str) -> None:
    """Remove the mark of a stage, after `read_marks`, so that the stage is made again."""
    found = connection.execute("select count(*) from duckdb_schemas() where schema_name = ?", [SCHEMA]).fetchall()
    if found[0][0]:
        connection.execute(f"delete from {_MARKS} where stage = ?", [stage])


def changed(mark: StageMark, *, inputs: Mapping[str, str], outputs: Mapping[str, str]) -> list[str]:
    """The names of inputs and outputs that are not as the mark has them; empty for an unchanged stage.

    >>> made_at = datetime(2026, 3, 1, 6, 5)
    >>> mark = StageMark("plan", {"raw.as_of": "1", "code": "a"}, {"plan.order_plan": "2"}, made_at, "run")
    >>> changed(mark, inputs={"raw.as_of": "1", "code": "b"}, outputs={"plan.order_plan": "2"})
    ['code']
    """
    before, now = {**mark.inputs, **mark.outputs}, {**inputs, **outputs}
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def _believed(connection: duckdb.DuckDBPyConnection, organisation: str) -> list[StageMark]:
    """Every mark.

    Raises:
        _UntrustedMarksError: a mark is damaged, of another version or of another organisation.
    """
    try:
        rows = connection.execute(f"select stage, format, organisation, body, checksum from {_MARKS}").fetchall()
    except (duckdb.BinderException, duckdb.CatalogException):
        raise _UntrustedMarksError(_OLDER) from None
    return [_mark(*row, of=organisation) for row in rows]


def _mark(stage: str, form: int, organisation: str, body: str, checksum: str, *, of: str) -> StageMark:
    if form != FORMAT:
        raise _UntrustedMarksError(_OLDER)
    if checksum != _checksum(stage, organisation, body):
        raise _UntrustedMarksError(_DAMAGED)
    if organisation != of:
        raise _UntrustedMarksError(_FOREIGN)
    try:
        mark = StageMark(**json.loads(body))
        return replace(mark, made_at=datetime.fromisoformat(str(mark.made_at)))
    except (ValueError, TypeError):
        raise _UntrustedMarksError(_OLDER) from None


def _checksum(stage: str, organisation: str, body: str) -> str:
    return hashlib.sha256(json.dumps([FORMAT, stage, organisation, body]).encode()).hexdigest()
