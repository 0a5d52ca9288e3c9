"""A file as a table: Parquet, or text with any usual encoding and separator.

What belongs here: bytes, lines, fields. What does not: what the fields mean.
Read more in docs/sales_files.md.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import polars as pl

from sales_files.encodings import utf8_text
from sales_files.forms import Columns
from sales_files.headings import count_known, positions_known
from sales_files.sales_file_error import SalesFileError

SEPARATORS: Final = (",", ";", "\t", "|")
_PARQUET: Final = b"PAR1"
_LONGEST_HEAD: Final = 1 << 20
_BLOCK: Final = 1 << 24


@dataclass(frozen=True)
class HeadedTable:
    """Headings and rows: texts from a text file, any types from Parquet.

    `rows` has the columns that a reader may need, each named by its position: "0", "3", …
    """

    path: Path
    headings: list[str]
    rows: pl.DataFrame
    notes: list[str]
    text: bytes = b""
    separator: str = ""
    lines_above: int = 0

    def place(self, row: int) -> str:
        """The place of a row: its line in a text file, whose headings are line 1, or else its number."""
        if not self.text:
            return f"{self.path}, row {row + 1}"
        starts = (start for start, _ in _records(self.text, self.separator, self.lines_above))
        try:
            return f"{self.path}, line {next(islice(starts, row, None))}"
        except (csv.Error, StopIteration):
            return f"{self.path}, row {row + 1}"


def read_table(path: Path, columns: Columns) -> HeadedTable:
    """The table in a file; its separator is the one that yields most of the columns.

    Raises:
        SalesFileError: the file is missing or no table, or a line has more or fewer fields than the first.
    """
    if not path.is_file():
        raise SalesFileError(f"There is no file {path}; give the path of a CSV or Parquet file of sales.")
    try:
        data = path.read_bytes()
    except OSError as trouble:
        raise SalesFileError(f"{path} cannot be read: {trouble.strerror}.") from None
    if data.startswith(_PARQUET):
        return _of_parquet(path, data, columns)
    if path.suffix.lower() == ".parquet":
        raise SalesFileError(f"{path} is not a readable Parquet file; export the sales again.")
    text, notes = utf8_text(path, data)
    return _of_text(path, text, notes, columns)


def _of_parquet(path: Path, data: bytes, columns: Columns) -> HeadedTable:
    try:
        names = list(pl.read_parquet_schema(io.BytesIO(data)))
        headings = [_in_a_line(name) for name in names]
        known = {names[position]: str(position) for position in positions_known(headings, columns)}
        frame = pl.read_parquet(io.BytesIO(data), columns=list(known))
    except (pl.exceptions.PolarsError, OSError):
        raise SalesFileError(f"{path} is not a readable Parquet file; export the sales again.") from None
    return HeadedTable(path, headings, frame.rename(known), [])


def _in_a_line(heading: str) -> str:
    return " ".join(heading.split())


def _of_text(path: Path, text: bytes, notes: list[str], columns: Columns) -> HeadedTable:
    head = text[:_LONGEST_HEAD].decode(errors="ignore")
    separators: Sequence[str] = SEPARATORS
    skipped = 0
    first = head.splitlines()[0].strip(' "') if head else ""
    if first.lower().startswith("sep=") and first[len("sep=") :] in SEPARATORS:
        separators, skipped = [first[len("sep=") :]], 1
    found = [(separator, *_headings(path, text, separator, skipped)) for separator in separators]
    separator, headings, above = max(found, key=lambda each: (count_known(each[1], columns), len(each[1])))
    if not headings:
        raise SalesFileError(f"{path} is an empty CSV file; export some sales into it.")
    known = [str(position) for position in positions_known(headings, columns)]
    from pyarrow import ArrowInvalid  # noqa: PLC0415, 25 MiB that the buyer's desk does not need

    try:
        rows = _fields(_after(text, above), separator, len(headings), known)
    except ArrowInvalid:
        raise SalesFileError(_ragged(path, text, separator, above, len(headings))) from None
    return HeadedTable(path, headings, rows, notes, text, separator, above)


def _headings(path: Path, text: bytes, separator: str, skipped: int) -> tuple[list[str], int]:
    """The fields of the first line that is not empty, and the number of lines up to its end."""
    head = io.StringIO(text[:_LONGEST_HEAD].decode(errors="ignore"), newline="")
    for _ in range(skipped):
        head.readline()
    reader = csv.reader(head, delimiter=separator)
    try:
        fields = next((fields for fields in reader if any(map(str.strip, fields))), [])
    except csv.Error:
        raise SalesFileError(f"{path}, line 1: a quotation mark is not closed.") from None
    return [_in_a_line(field) for field in fields], reader.line_num + skipped


def _after(text: bytes, lines: int) -> bytes:
    """The text below this number of lines."""
    rest = io.StringIO(text[:_LONGEST_HEAD].decode(errors="ignore"), newline="")
    above = "".join(rest.readline() for _ in range(lines))
    return text[len(above.encode()) :]


def _fields(body: bytes, separator: str, width: int, known: list[str]) -> pl.DataFrame:
    """The fields of the known columns; an error of Arrow if a line has not as many fields as there are headings."""
    import pyarrow as pa  # noqa: PLC0415, as above
    import pyarrow.csv as arrow_csv  # noqa: PLC0415, as above

    texts = dict.fromkeys(known, pa.large_string())
    if not body.strip(b"\r\n"):
        return pl.DataFrame(schema=dict.fromkeys(known, pl.String))
    table = arrow_csv.read_csv(
        pa.BufferReader(body),
        read_options=arrow_csv.ReadOptions(
            column_names=[str(position) for position in range(width)], block_size=_BLOCK
        ),
        parse_options=arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=b'"' in body),
        convert_options=arrow_csv.ConvertOptions(
            column_types=texts, include_columns=known, strings_can_be_null=False, check_utf8=False
        ),
    )
    return pl.DataFrame(table)


def _ragged(path: Path, text: bytes, separator: str, above: int, width: int) -> str:
    """The sentence about the first line with more or fewer fields than the headings."""
    try:
        for line, fields in _records(text, separator, above):
            if len(fields) > width:
                return f"{path}, line {line}: found more fields ({len(fields)}) than the first line has ({width})."
            if len(fields) < width:
                return f"{path}, line {line}: found fewer fields ({len(fields)}) than the first line has ({width})."
    except csv.Error:
        pass
    return f"{path} cannot be read as a CSV file: a quotation mark is not closed; export it again."


def _records(text: bytes, separator: str, above: int) -> Iterator[tuple[int, list[str]]]:
    """The records below the headings, each with the line on which it begins; empty lines are skipped."""
    lines = io.StringIO(text.decode(), newline="")
    for _ in range(above):
        lines.readline()
    reader = csv.reader(lines, delimiter=separator)
    begins = above + 1
    for fields in reader:
        if fields:
            yield begins, fields
        begins = above + reader.line_num + 1
