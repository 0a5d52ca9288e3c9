"""Rows of a CSV file in any form in which a spreadsheet saves it, each with the line on which it begins; and back.

What belongs here: encodings, separators, headings, lines. What does not: what a column means.
Read more in docs/buyer/settings.md, "In a spreadsheet".
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from pipelines.spreadsheets.file_faults import SpreadsheetFileError
from pipelines.spreadsheets.formulas import guarded, unguarded
from sales_files.encodings import utf8_text
from sales_files.headings import key_of
from sales_files.sales_file_error import SalesFileError
from sales_files.table import SEPARATORS

_MARK: Final = "\ufeff"


@dataclass(frozen=True)
class FileColumns:
    """The columns of a kind of file, in the order in which they are written.

    `needed` must be there when it is read, `optional` are read if they are there; the rest are for people.
    """

    written: Sequence[str]
    needed: Sequence[str]
    optional: Sequence[str] = ()

    @cached_property
    def keys(self) -> dict[str, str]:
        """The names by how headings are compared."""
        return {key_of(name): name for name in self.written}


@dataclass(frozen=True)
class FileRow:
    """A row with the line on which it begins, and the fields of the columns that are read."""

    line: int
    fields: Mapping[str, str]
    surplus: str = ""

    def fault(self) -> tuple[str, str] | None:
        """The column and a sentence of what makes the row unreadable; None if nothing does."""
        if self.surplus:
            return "", f"There are more fields than headings: {self.surplus[:40]!r} has none."
        for name, text in self.fields.items():
            if "\n" in text or "\r" in text:
                return name, "There is a line break: is a quotation mark not closed?"
        return None


@dataclass(frozen=True)
class FileRows:
    """The rows of a file, its separator, and sentences on how it was read."""

    rows: list[FileRow]
    separator: str
    notes: list[str]


def written_rows(columns: FileColumns, rows: Iterable[Mapping[str, str]]) -> bytes:
    """The file of these rows: UTF-8 with a mark, so that Excel reads it as such.

    A text that a spreadsheet would take for a formula has an apostrophe before it; reading takes it away again.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns.written)
    writer.writerows([guarded(row[name]) for name in columns.written] for row in rows)
    return (_MARK + text.getvalue()).encode()


def read_rows(path: Path, data: bytes, columns: FileColumns) -> FileRows:
    """The rows below the headings; `path` only names the file in sentences. Empty lines are skipped.

    Raises:
        SpreadsheetFileError: the file is no text, or its headings are others.
    """
    try:
        text, notes = utf8_text(path, data)
    except SalesFileError as unreadable:
        raise SpreadsheetFileError(str(unreadable)) from None
    lines = text.decode()
    separator = _separator_of(lines, columns)
    return FileRows(list(_rows(path, lines, separator, columns)), separator, notes)


def _separator_of(text: str, columns: FileColumns) -> str:
    """The separator that Excel's first line names, else the one that yields most of the columns."""
    first = re.split(r"[\r\n]", text.lstrip(), maxsplit=1)[0].strip(' "')
    if first.lower().startswith("sep=") and first[len("sep=") :] in SEPARATORS:
        return first[len("sep=") :]
    found = {
        separator: sum(key_of(name) in columns.keys for name in next(csv.reader([first], delimiter=separator), []))
        for separator in SEPARATORS
    }
    return max(found, key=lambda separator: found[separator])


def _rows(path: Path, text: str, separator: str, columns: FileColumns) -> Iterator[FileRow]:
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
                positions = _positions(path, fields, columns)
                width = len(fields)
                continue
            values = {
                name: unguarded(fields[position].strip(" \u00a0")) if position < len(fields) else ""
                for name, position in positions.items()
            }
            yield FileRow(line, values, next((field for field in fields[width:] if field.strip()), ""))
    except csv.Error as trouble:
        raise SpreadsheetFileError(f"{path}, line {begins}: this is not a line of a CSV file ({trouble}).") from None
    if not positions:
        raise SpreadsheetFileError(
            f"{path} is empty: its first line must name the columns {', '.join(columns.needed)}."
        )


def _positions(path: Path, headings: Sequence[str], columns: FileColumns) -> dict[str, int]:
    """Where each column that is read is."""
    names = [columns.keys.get(key_of(heading)) for heading in headings]
    unknown = [heading for heading, name in zip(headings, names, strict=True) if name is None and heading.strip()]
    missing = [name for name in columns.needed if name not in names]
    if missing:
        there = ", ".join(heading.strip()[:40] for heading in headings if heading.strip())
        raise SpreadsheetFileError(f"{path} lacks the columns {', '.join(missing)}: its first line has {there}.")
    if unknown:
        known = ", ".join(columns.written)
        raise SpreadsheetFileError(f"{path} has the unknown column {unknown[0]!r}: it can have {known}.")
    read = (*columns.needed, *columns.optional)
    twice = [name for name in read if names.count(name) > 1]
    if twice:
        raise SpreadsheetFileError(f"{path} has the column {twice[0]} {names.count(twice[0])} times: keep one of them.")
    return {name: names.index(name) for name in read if name in names}
