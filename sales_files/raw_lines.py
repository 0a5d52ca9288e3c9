"""The untyped lines of a table under our column names, and the sentence about a wrong line.

What belongs here: untyped lines. What does not: their types (`typed_columns.py`).
Read more in docs/sales_files.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

import polars as pl

from sales_files.forms import Columns
from sales_files.sales_file_error import SalesFileError
from sales_files.table import HeadedTable

_LONGEST_SHOWN = 40
TOTAL: Final = r"(?i)^(?:grand |sub-?)?totals?\b"


@dataclass(frozen=True)
class LeftOut:
    """Rows of the file that are left out: the reason, and their number, units and money."""

    reason: str
    rows: int
    units: float = 0.0
    value: float = 0.0


@dataclass(frozen=True)
class RawLines:
    """Rows with our columns and `row`, their number in the table; `headings` are those of the file."""

    table: HeadedTable
    rows: pl.DataFrame
    headings: Mapping[str, str]

    def refuse(self, name: str, is_wrong: pl.Series, must_hold: str) -> NoReturn:
        """Refuse the first wrong row: the sentence names its place, its column, its value and what is expected."""
        position = int(is_wrong.arg_true()[0])
        value = self.rows[name][position]
        held = "but is empty" if value is None else f"not {str(value)[:_LONGEST_SHOWN]!r}"
        raise SalesFileError(
            f"{self.place(position)}: {self.headings[name]} must hold {must_hold}, {held}; correct it."
        )

    def place(self, position: int) -> str:
        """The place in the file of the row at a position."""
        return self.table.place(self.rows["row"][position])

    def place_of(self, name: str, text: str) -> str:
        """The place in the file of the first row with this text."""
        return self.place(int((self.rows[name] == text).arg_true()[0]))


def raw_lines(table: HeadedTable, positions: Mapping[str, int]) -> RawLines:
    """The rows of the found columns, with trimmed texts; an empty text is null."""
    rows = table.rows.select(pl.col(str(position)).alias(name) for name, position in positions.items())
    texts = {
        name: pl.col(name).cast(pl.String).str.strip_chars()
        for name, data_type in rows.schema.items()
        if data_type in (pl.String, pl.Categorical, pl.Enum)
    }
    rows = rows.with_columns(pl.when(text != "").then(text).alias(name) for name, text in texts.items())
    headings = {name: table.headings[position] for name, position in positions.items()}
    return RawLines(table, rows.with_row_index("row"), headings)


def without_empty(raw: RawLines, columns: Columns) -> tuple[RawLines, list[LeftOut]]:
    """The lines with any value and, if lenient, with a product; and what was left out."""
    filled = raw.rows.filter(~pl.all_horizontal(pl.exclude("row").is_null()))
    is_total = pl.col("date").is_null() & pl.any_horizontal(
        pl.col(name).cast(pl.String).str.contains(TOTAL).fill_null(value=False)
        for name in ("product_code", "invoice_number", "description", "customer") if name in raw.headings
    )  # fmt: skip
    dated = filled.filter(~is_total)
    named = dated.filter(pl.col("product_code").is_not_null()) if columns.is_lenient else dated
    left_out = [
        LeftOut("are empty", raw.rows.height - filled.height),
        LeftOut("are totals", filled.height - dated.height),
        LeftOut("name no product", dated.height - named.height),
    ]
    return RawLines(raw.table, named, raw.headings), left_out
