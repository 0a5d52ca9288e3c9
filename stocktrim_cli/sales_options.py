"""The options of every command that reads a file of sales, and the sentences about its lines.

What belongs here: options, and sentences about what was left out. What does not: the reading (`sales_files`).
Read more in docs/sales_files.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

if TYPE_CHECKING:
    from sales_files.forms import DateOrder, DecimalMark, Forms
    from sales_files.raw_lines import LeftOut

DateOrderOption = Annotated[
    Literal["dmy", "mdy", "ymd"] | None,
    typer.Option(metavar="ORDER", help="The order of dates in the file: dmy, mdy or ymd; default: read from the file."),
]
DecimalOption = Annotated[
    Literal[",", "."] | None,
    typer.Option(metavar="MARK", help="The file's decimal mark: . or , ; default: read from the file."),
]
CreditNotesOption = Annotated[
    str,
    typer.Option(
        metavar="PREFIX|sign",
        help="How the file marks credit notes: prefixes of their numbers, such as C or CN-,CR-; or sign, for every "
        "negative quantity. Default: read from the file.",
    ),
]
MANY: Final = 0.05


def forms_of(date_order: "DateOrder | None", decimal: "DecimalMark | None", credit_notes: str) -> "Forms":
    """The forms of the options; sales are not later than today in any time zone."""
    from sales_files.forms import Forms, read_credit_notes

    latest = (datetime.now(UTC) + timedelta(days=1)).date()
    notes = read_credit_notes(credit_notes)
    return Forms(date_order, decimal, notes, latest.year + 1, latest)


@contextmanager
def sales_file_errors() -> Iterator[None]:
    """Turn an error about a file into one sentence with the exit code of unusable data."""
    from pipelines.errors import DataError
    from sales_files.sales_file_error import SalesFileError

    try:
        yield
    except SalesFileError as error:
        raise DataError(str(error)) from None


def left_out_sentence(left: "LeftOut", row_count: int) -> str:
    """A sentence on the rows of a file that are left out and why; a warning if they are many."""
    warning = "Warning: " if left.rows >= MANY * row_count else ""
    money = f", {left.value:,.2f} in money" if left.value else ""
    size = f" ({left.units:,.0f} units{money})" if left.units else ""
    return f"{warning}{left.rows:,} of {row_count:,} rows {left.reason}{size}, and are left out."
