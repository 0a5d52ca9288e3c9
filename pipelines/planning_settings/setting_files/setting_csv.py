"""Settings as a CSV file that a spreadsheet can open, and back: what is written is read as the same.

What belongs here: the columns of settings. What does not: rows and encodings (`pipelines.spreadsheets`), how a cell
writes a value (`spreadsheet_values.py`), what the rows would change (`requested_settings.py`).
Read more in docs/buyer/settings.md.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.planning_settings.setting_descriptions import PARAMETERS
from pipelines.planning_settings.setting_files.requested_settings import ProposedChange, SettingRequest
from pipelines.planning_settings.setting_files.spreadsheet_values import AmbiguousCellError, CellReader, cell_reader
from pipelines.spreadsheets.csv_files import FileColumns, FileRow, read_rows, written_rows
from pipelines.spreadsheets.file_faults import RequestFault
from sales_files.forms import DateOrder, DecimalMark

COLUMNS: Final = FileColumns(
    written=(
        "level", "subject", "supplier", "subject_name", "setting", "value", "unit", "set_by", "set_at", "set_reason",
    ),
    needed=("level", "subject", "setting", "value"),
    optional=("supplier",),
)  # fmt: skip
"""The columns; `supplier` is that of the level product_supplier."""


@dataclass(frozen=True)
class RequestedRows:
    """The requests of a file, the rows that cannot be read, and sentences on how the file was read."""

    requests: list[SettingRequest]
    faults: list[RequestFault]
    notes: list[str]


def written_csv(rows: Iterable[Mapping[str, str]]) -> bytes:
    """The file of these rows, each with texts for all columns."""
    return written_rows(COLUMNS, rows)


def read_csv(
    path: Path, data: bytes, *, decimal: DecimalMark | None = None, date_order: DateOrder | None = None
) -> RequestedRows:
    """The requests of a file in any form in which a spreadsheet saves it: an empty value removes the setting.

    `path` only names the file in sentences.

    Raises:
        SpreadsheetFileError: the file is no text, or its headings are not those of settings.
    """
    file = read_rows(path, data, COLUMNS)
    reader = cell_reader(
        ((row.fields["value"], PARAMETERS[row.fields["setting"]].form.kind) for row in file.rows if _is_known(row)),
        separator=file.separator, decimal=decimal, date_order=date_order,
    )  # fmt: skip
    requests: list[SettingRequest] = []
    faults: list[RequestFault] = []
    for row in file.rows:
        found = _request(row, reader)
        if isinstance(found, RequestFault):
            faults.append(found)
        else:
            requests.append(found)
    return RequestedRows(requests, faults, file.notes)


def lost_zeros(changes: Iterable[ProposedChange]) -> Iterator[RequestFault]:
    """The texts of a file that differ from what is set by leading zeros alone, which a spreadsheet drops."""
    for change in changes:
        old, new = change.old or "", change.new or ""
        if PARAMETERS[change.name].form.kind == "text" and new and old.lstrip("0") == new and old != new:
            problem = f"{old} has lost its zeros, as happens in spreadsheets: `stocktrim settings set` can set {new}."
            yield RequestFault(change.line, "value", problem)


def _is_known(row: FileRow) -> bool:
    return row.fields["setting"] in PARAMETERS and bool(row.fields["value"])


def _request(row: FileRow, reader: CellReader) -> SettingRequest | RequestFault:
    fields = row.fields
    if fault := row.fault():
        return RequestFault(row.line, *fault)
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
