"""Groups as a CSV file that a spreadsheet can open, and back: what is written is read as the same.

A row is a product of a group, a rule of a group, or a group alone. An empty file changes nothing, and a row that is
left out leaves what it would have said.
What belongs here: the columns. What does not: rows and encodings (`pipelines.spreadsheets`), what rows would change
(`requested_groups.py`).
Read more in docs/buyer/groups.md.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.product_groups.groups import IN, Group, GroupChange
from pipelines.product_groups.requested_groups import GroupRequest
from pipelines.spreadsheets.csv_files import FileColumns, FileRow, read_rows, written_rows
from pipelines.spreadsheets.file_faults import RequestFault

COLUMNS: Final = FileColumns(
    written=("kind", "group", "product_code", "member", "rule", "order", "product_name", "set_by", "set_at"),
    needed=("group", "product_code"),
    optional=("kind", "member", "rule", "order"),
)
NONE: Final = "none"


@dataclass(frozen=True)
class RequestedGroupRows:
    """The requests of a file, the rows that cannot be read, and sentences on how the file was read."""

    requests: list[GroupRequest]
    faults: list[RequestFault]
    notes: list[str]


def written_groups(groups: Iterable[Group], names: Mapping[str, str]) -> bytes:
    """The file of these groups; `names` are the names of products by code."""
    return written_rows(COLUMNS, (row for group in groups for row in _rows_of(group, names)))


def read_groups(path: Path, data: bytes) -> RequestedGroupRows:
    """The requests of a file; `path` only names it in sentences.

    Raises:
        SpreadsheetFileError: the file is no text, or its headings are not those of groups.
    """
    file = read_rows(path, data, COLUMNS)
    faults: list[RequestFault] = []
    requests: list[GroupRequest] = []
    for row in file.rows:
        fault = row.fault() or _both(row)
        if fault:
            faults.append(RequestFault(row.line, *fault))
        else:
            requests += _requests(row)
    return RequestedGroupRows(requests, faults, file.notes)


def _rows_of(group: Group, names: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The row of a group alone, then its rules and the products that people put in or keep out."""
    blank = dict.fromkeys(COLUMNS.written, "") | {"kind": group.kind, "group": group.name}
    yield blank | {"order": "" if group.order is None else str(group.order)}
    for text, change in group.rules.items():
        yield blank | {"rule": text} | _who(change)
    for code, change in group.members.items():
        yield blank | {
            "product_code": code, "member": str(change.value), "product_name": names.get(code) or "",
        } | _who(change)  # fmt: skip


def _who(change: GroupChange) -> dict[str, str]:
    return {"set_by": change.changed_by, "set_at": f"{change.changed_at:%Y-%m-%d %H:%M:%S} UTC"}


def _both(row: FileRow) -> tuple[str, str] | None:
    if row.fields["product_code"] and row.fields.get("rule"):
        return "rule", "A row is about a product or a rule, not both: split it in two."
    return None


def _requests(row: FileRow) -> Iterator[GroupRequest]:
    fields = row.fields
    group, kind = fields["group"], fields.get("kind", "")
    member, rule, order = (fields.get(name, "") for name in ("member", "rule", "order"))
    yield GroupRequest(group, kind=kind, line=row.line)
    if fields["product_code"]:
        text = None if member.lower() == NONE else member or IN
        yield GroupRequest(group, "member", fields["product_code"], text, kind, row.line)
    if rule:
        text = None if member.lower() == NONE else IN
        yield GroupRequest(group, "rule", rule, text, kind, row.line)
    if order:
        yield GroupRequest(group, "order", "", None if order.lower() == NONE else order, kind, row.line)
