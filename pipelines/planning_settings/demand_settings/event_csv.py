"""Events as a CSV file that a spreadsheet can open, and back: one row for each product or group of an event.

What belongs here: rows and columns. What does not: what an event may be (`demand_events.py`), finding products and
groups (the caller).
Read more in docs/buyer/promotions.md.
"""

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from pipelines.errors import DataError, UsageError
from pipelines.planning_settings.demand_settings.demand_events import DemandEvent, EventError, Scope, demand_event
from pipelines.spreadsheets.formulas import guarded, unguarded
from sales_files.encodings import utf8_text
from sales_files.sales_file_error import SalesFileError
from sales_files.table import SEPARATORS

COLUMNS: Final = ("event", "from", "until", "factor", "for", "subject")
SCOPES: Final = ("all", "product", "group")


class EventsFileError(DataError):
    """A file of events cannot be used; nothing was changed."""


@dataclass(frozen=True)
class EventFault:
    """Why a row of a file cannot be used: its line, its column, and a sentence."""

    line: int
    column: str
    problem: str


def written_events(events: Iterable[DemandEvent], *, subject_name: Callable[[Scope, str], str]) -> bytes:
    """The file of events, with a mark so that Excel reads it as UTF-8; texts that look like formulas are guarded."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for event in events:
        for subject in event.subjects or ("",):
            named = subject_name(event.scope, subject) if subject else ""
            cells = (event.name, f"{event.from_date}", f"{event.until_date}", f"{event.factor:f}", event.scope, named)
            writer.writerow([guarded(cell) for cell in cells])
    return ("\ufeff" + text.getvalue()).encode()


def read_events(
    path: Path, data: bytes, *, find: Callable[[Scope, str], str]
) -> tuple[list[DemandEvent], list[EventFault]]:
    """The events of a file, and every row that cannot be used; rows with the same event name make one event.

    `find` gives the subject that a text names, or raises UsageError.

    Raises:
        EventsFileError: the file is no text, or a column is missing.
    """
    rows, faults = _rows(path, data), []
    subjects: dict[str, list[str]] = {}
    first: dict[str, tuple[int, dict[str, str]]] = {}
    for line, row in rows:
        name, scope = row["event"].strip(), row["for"].strip().lower()
        if scope not in SCOPES:
            faults.append(EventFault(line, "for", f"{row['for']!r} is not all, product or group."))
            continue
        began, known = first.setdefault(name.casefold(), (line, row))
        differs = next((column for column in COLUMNS[1:5] if row[column].strip() != known[column].strip()), "")
        if differs:
            faults.append(EventFault(line, differs, f"It differs from line {began}, which is of the same event."))
            continue
        of_event = subjects.setdefault(name.casefold(), [])
        if scope != "all":
            try:
                of_event.append(find(cast("Scope", scope), row["subject"]))
            except UsageError as unknown:
                faults.append(EventFault(line, "subject", str(unknown)))
    events = []
    for key, (line, row) in first.items():
        try:
            events.append(
                demand_event(
                    row["event"], from_day=row["from"], until_day=row["until"], factor=row["factor"],
                    scope=cast("Scope", row["for"].strip().lower()), subjects=tuple(subjects.get(key, ())),
                )
            )  # fmt: skip
        except EventError as problem:
            if not any(fault.line == line for fault in faults):
                faults.append(EventFault(line, "event", str(problem)))
    return events, sorted(faults, key=lambda fault: fault.line)


def _rows(path: Path, data: bytes) -> list[tuple[int, dict[str, str]]]:
    """The rows with the line that each ends on; a decimal comma is read as a point."""
    try:
        text = utf8_text(path, data)[0].decode()
    except SalesFileError as trouble:
        raise EventsFileError(str(trouble)) from None
    separator = max(SEPARATORS, key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    names = [cell.strip().lower() for cell in next(reader, [])]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise EventsFileError(f"{path} lacks the columns {', '.join(missing)}: it needs {', '.join(COLUMNS)}.")
    rows = []
    for cells in reader:
        if any(cell.strip() for cell in cells):
            padded = [*cells, *[""] * len(names)]
            row = {name: unguarded(padded[names.index(name)]) for name in COLUMNS}
            rows.append((reader.line_num, row | {"factor": row["factor"].replace(",", ".")}))
    return rows
