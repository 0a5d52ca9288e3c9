"""Events as a CSV file that a spreadsheet can open, and back: one row for each product or group of an event.

What belongs here: the columns. What does not: rows and encodings (`pipelines.spreadsheets`), what an event may be
(`demand_events.py`), finding products and groups (the caller).
Read more in docs/buyer/promotions.md.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, cast

from pipelines.errors import UsageError
from pipelines.planning_settings.demand_settings.demand_events import DemandEvent, EventError, Scope, demand_event
from pipelines.planning_settings.setting_files.spreadsheet_values import AmbiguousCellError, CellReader, cell_reader
from pipelines.planning_settings.setting_values import ValueKind
from pipelines.product_codes import folded
from pipelines.spreadsheets.csv_files import FileColumns, FileRow, read_rows, written_rows
from pipelines.spreadsheets.file_faults import RequestFault
from sales_files.forms import DateOrder, DecimalMark

_NAMES: Final = ("event", "from", "until", "factor", "for", "subject")
COLUMNS: Final = FileColumns(written=_NAMES, needed=_NAMES)
SCOPES: Final = ("all", "product", "group")
_KINDS: Final[dict[str, ValueKind]] = {"from": "date", "until": "date", "factor": "number"}

Find = Callable[[Scope, str], str]
_Row = tuple[int, dict[str, str]]


def written_events(events: Iterable[DemandEvent], *, subject_name: Callable[[Scope, str], str]) -> bytes:
    """The file of events, with a mark so that Excel reads it as UTF-8; texts that look like formulas are guarded."""
    rows = (
        {
            "event": event.name, "from": f"{event.from_date}", "until": f"{event.until_date}",
            "factor": f"{event.factor:f}", "for": event.scope,
            "subject": subject_name(event.scope, subject) if subject else "",
        }
        for event in events
        for subject in event.subjects or ("",)
    )  # fmt: skip
    return written_rows(COLUMNS, rows)


def read_events(
    path: Path,
    data: bytes,
    *,
    find: Find,
    decimal: DecimalMark | None = None,
    date_order: DateOrder | None = None,
) -> tuple[list[DemandEvent], list[RequestFault]]:
    """The events of a file in any form in which a spreadsheet saves it, and every row that cannot be used.

    Rows with the same event name make one event. `find` gives the subject that a text names, or raises UsageError.

    Raises:
        SpreadsheetFileError: the file is no text, or a column is missing.
    """
    faults: list[RequestFault] = []
    subjects: dict[str, list[str]] = {}
    first: dict[str, _Row] = {}
    for line, row in _typed(path, data, faults, decimal=decimal, date_order=date_order):
        began, known = first.setdefault(folded(row["event"]), (line, row))
        differs = next((name for name in _NAMES[1:5] if row[name] != known[name]), "")
        if differs:
            faults.append(RequestFault(line, differs, f"It differs from line {began}, which is of the same event."))
            continue
        of_event = subjects.setdefault(folded(row["event"]), [])
        if row["for"] != "all":
            try:
                of_event.append(find(cast("Scope", row["for"]), row["subject"]))
            except UsageError as unknown:
                faults.append(RequestFault(line, "subject", str(unknown)))
    events = []
    for key, (line, row) in first.items():
        try:
            events.append(_event(row, tuple(subjects.get(key, ()))))
        except EventError as problem:
            if not any(fault.line == line for fault in faults):
                faults.append(RequestFault(line, "event", str(problem)))
    return events, sorted(faults, key=lambda fault: fault.line)


def _event(row: dict[str, str], subjects: tuple[str, ...]) -> DemandEvent:
    return demand_event(
        row["event"], from_day=row["from"], until_day=row["until"], factor=row["factor"],
        scope=cast("Scope", row["for"]), subjects=subjects,
    )  # fmt: skip


def _typed(
    path: Path,
    data: bytes,
    faults: list[RequestFault],
    *,
    decimal: DecimalMark | None,
    date_order: DateOrder | None,
) -> Iterator[_Row]:
    """The rows that can be read, each with its line, with days and factors as a person would type them."""
    file = read_rows(path, data, COLUMNS)
    reader = cell_reader(
        ((row.fields[name], kind) for row in file.rows for name, kind in _KINDS.items()),
        separator=file.separator, decimal=decimal, date_order=date_order,
    )  # fmt: skip
    for row in file.rows:
        fault = row.fault()
        if fault is None and row.fields["for"].lower() not in SCOPES:
            fault = "for", f"{row.fields['for']!r} is not all, product or group."
        if fault is not None:
            faults.append(RequestFault(row.line, *fault))
            continue
        try:
            yield row.line, _cells(row, reader)
        except AmbiguousCellError as doubt:
            faults.append(RequestFault(row.line, "", str(doubt)))


def _cells(row: FileRow, reader: CellReader) -> dict[str, str]:
    typed = {name: reader.typed(row.fields[name], kind) for name, kind in _KINDS.items()}
    return {**row.fields, **typed, "for": row.fields["for"].lower()}
