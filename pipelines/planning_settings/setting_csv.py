"""Settings as a CSV file that a spreadsheet can open, and back: what is written is read as the same.

What belongs here: rows, columns, line numbers, guarding against formulas. What does not: how a cell writes a value
(`spreadsheet_values.py`), what the rows would change (`requested_settings.py`).
Read more in docs/buyer/settings.md.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.errors import DataError
from pipelines.planning_settings.requested_settings import ProposedChange, RequestFault, SettingRequest
from pipelines.planning_settings.setting_descriptions import PARAMETERS
from pipelines.planning_settings.spreadsheet_values import AmbiguousCellError, CellReader, cell_reader
from sales_files.encodings import utf8_text
from sales_files.forms import DateOrder, DecimalMark
from sales_files.headings import key_of
from sales_files.sales_file_error import SalesFileError
from sales_files.table import SEPARATORS

NEEDED: Final = ("level", "subject", "setting", "value")
FOR_PEOPLE: Final = ("subject_name", "unit", "set_by", "set_at", "set_reason")
"""Columns that are written for people, and not read."""
OPTIONAL: Final = ("supplier",)
"""Columns that are read if they are there: `supplier` is that of the level product_supplier."""
COLUMNS: Final = (
    "level", "subject", "supplier", "subject_name", "setting", "value", "unit", "set_by", "set_at", "set_reason",
)  # fmt: skip
_KEYS: Final = {key_of(name): name for name in COLUMNS}
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n]")
_GUARDED: Final = re.compile(r"'+[=+\-@\t\r\n]")
_MARK: Final = "\ufeff"


class SettingsFileError(DataError):
    """A file of settings cannot be used; nothing was changed."""


@dataclass(frozen=True)
class RequestedRows:
    """The requests of a file, the rows that cannot be read, and sentences on how the file was read."""

    requests: list[SettingRequest]
    faults: list[RequestFault]
    notes: list[str]


@dataclass(frozen=True)
class _Row:
    """A row with the line on which it begins, and the fields of the needed columns."""

    line: int
    fields: Mapping[str, str]
    surplus: str = ""


def written_csv(rows: Iterable[Mapping[str, str]]) -> bytes:
    """The file of these rows, each with texts for `COLUMNS`: UTF-8 with a mark, so that Excel reads it as such.

    A text that a spreadsheet would take for a formula has an apostrophe before it; reading takes it away again.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([guarded(row[name]) for name in COLUMNS] for row in rows)
    return (_MARK + text.getvalue()).encode()


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula.

    >>> guarded("=1+1"), guarded("TEA-1"), unguarded(guarded("'=1+1"))
    ("'=1+1", 'TEA-1', "'=1+1")
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """A text as it was before it was guarded."""
    return text[1:] if _GUARDED.match(text) else text


def read_csv(
    path: Path, data: bytes, *, decimal: DecimalMark | None = None, date_order: DateOrder | None = None
) -> RequestedRows:
    """The requests of a file in any form in which a spreadsheet saves it: an empty value removes the setting.

    `path` only names the file in sentences. Empty lines are skipped.

    Raises:
        SettingsFileError: the file is no text, or its headings are not those of settings.
    """
    try:
        text, notes = utf8_text(path, data)
    except SalesFileError as unreadable:
        raise SettingsFileError(str(unreadable)) from None
    lines = text.decode()
    separator = _separator_of(lines)
    rows = list(_rows(path, lines, separator))
    reader = cell_reader(
        ((row.fields["value"], PARAMETERS[row.fields["setting"]].form.kind) for row in rows if _is_known(row)),
        separator=separator, decimal=decimal, date_order=date_order,
    )  # fmt: skip
    requests: list[SettingRequest] = []
    faults: list[RequestFault] = []
    for row in rows:
        found = _request(row, reader)
        if isinstance(found, RequestFault):
            faults.append(found)
        else:
            requests.append(found)
    return RequestedRows(requests, faults, notes)


def lost_zeros(changes: Iterable[ProposedChange]) -> Iterator[RequestFault]:
    """The texts of a file that differ from what is set by leading zeros alone, which a spreadsheet drops."""
    for change in changes:
        old, new = change.old or "", change.new or ""
        if PARAMETERS[change.name].form.kind == "text" and new and old.lstrip("0") == new and old != new:
            problem = f"{old} has lost its zeros, as happens in spreadsheets: `stocktrim settings set` can set {new}."
            yield RequestFault(change.line, "value", problem)


def _separator_of(text: str) -> str:
    """The separator that Excel's first line names, else the one that yields most of the columns."""
    first = re.split(r"[\r\n]", text.lstrip(), maxsplit=1)[0].strip(' "')
    if first.lower().startswith("sep=") and first[len("sep=") :] in SEPARATORS:
        return first[len("sep=") :]
    found = {separator: _known(next(csv.reader([first], delimiter=separator), [])) for separator in SEPARATORS}
    return max(found, key=lambda separator: found[separator])


def _known(headings: Sequence[str]) -> int:
    return sum(key_of(heading) in _KEYS for heading in headings)


def _rows(path: Path, text: str, separator: str) -> Iterator[_Row]:
    """The rows below the headings; empty ones are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    positions: dict[str, int] = {}
    width, begins = 0, 1
    try:
        for fields in reader:
            line, begins = begins, reader.line_num + 1
            if not any(map(str.strip, fields)) or (line == 1 and fields[0].lower().startswith("sep=")):
                continue
            if not positions:
                positions = _positions(path, fields)
                width = len(fields)
                continue
            values = {
                name: unguarded(fields[position].strip(" \u00a0")) if position < len(fields) else ""
                for name, position in positions.items()
            }
            yield _Row(line, values, next((field for field in fields[width:] if field.strip()), ""))
    except csv.Error as trouble:
        raise SettingsFileError(f"{path}, line {begins}: this is not a line of a CSV file ({trouble}).") from None
    if not positions:
        raise SettingsFileError(f"{path} is empty: its first line must name the columns {', '.join(NEEDED)}.")


def _positions(path: Path, headings: Sequence[str]) -> dict[str, int]:
    """Where each column that is read is."""
    names = [_KEYS.get(key_of(heading)) for heading in headings]
    unknown = [heading for heading, name in zip(headings, names, strict=True) if name is None and heading.strip()]
    missing = [name for name in NEEDED if name not in names]
    if missing:
        there = ", ".join(heading.strip()[:40] for heading in headings if heading.strip())
        raise SettingsFileError(f"{path} lacks the columns {', '.join(missing)}: its first line has {there}.")
    if unknown:
        raise SettingsFileError(f"{path} has the unknown column {unknown[0]!r}: it can have {', '.join(COLUMNS)}.")
    read = (*NEEDED, *OPTIONAL)
    twice = [name for name in read if names.count(name) > 1]
    if twice:
        raise SettingsFileError(f"{path} has the column {twice[0]} {names.count(twice[0])} times: keep one of them.")
    return {name: names.index(name) for name in read if name in names}


def _is_known(row: _Row) -> bool:
    return row.fields["setting"] in PARAMETERS and bool(row.fields["value"])


def _request(row: _Row, reader: CellReader) -> SettingRequest | RequestFault:
    fields = row.fields
    if row.surplus:
        return RequestFault(row.line, "", f"There are more fields than headings: {row.surplus[:40]!r} has none.")
    for name, text in fields.items():
        if "\n" in text or "\r" in text:
            return RequestFault(row.line, name, "There is a line break: is a quotation mark not closed?")
    value = fields["value"]
    if _is_known(row):
        try:
            value = reader.typed(value, PARAMETERS[fields["setting"]].form.kind)
        except AmbiguousCellError as doubt:
            return RequestFault(row.line, "value", str(doubt))
    return SettingRequest(
        fields["level"].lower(), fields["subject"], fields["setting"], value or None, row.line,
        supplier=fields.get("supplier", ""),
    )  # fmt: skip
