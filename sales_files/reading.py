"""The lines of a sales file: typed columns, the kind of each line, and notes on how the file was read.

What belongs here: the steps from a file to its lines. What does not: the rules of each step, and the use of the lines.
Read more in docs/sales_files.md.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from sales_files.credit_notes import (
    CREDIT,
    UNUSED,
    bears,
    begins_with,
    kind_of,
    marking_prefixes,
    usual_prefixes,
)
from sales_files.document_types import CANCELLED, CREDITS, PURCHASES, is_one_of
from sales_files.forms import EARLIEST_YEAR, Columns, Forms
from sales_files.headings import find_columns
from sales_files.raw_lines import TOTAL, LeftOut, RawLines, raw_lines, without_empty
from sales_files.sales_file_error import SalesFileError
from sales_files.table import read_table
from sales_files.typed_columns import days_of, flags_of, is_number, names_of, numbers_of

TINY: Final = 1e-9


@dataclass(frozen=True)
class Sales:
    """The lines of a file: the found columns, and `kind`, which is sale, credit or none.

    `left_out` counts the rows that are not used, of all `row_count` rows of the file; lines of the kind none are among
    them. `notes` are sentences on how the file was read. `credit_prefixes` mark credit notes; if empty, the sign
    decided.
    """

    lines: pl.DataFrame
    row_count: int
    left_out: list[LeftOut]
    notes: list[str]
    credit_prefixes: tuple[str, ...]

    @property
    def used(self) -> pl.DataFrame:
        """The lines that are sales or credit notes, and those with quantity 0."""
        return self.lines.filter((pl.col("kind") != UNUSED) | (pl.col("quantity") == 0))


def read_sales(path: Path, columns: Columns, forms: Forms | None = None) -> Sales:
    """The sales in a file.

    Raises:
        SalesFileError: the file cannot be used, or a value can be read in two ways and `forms` does not decide; the
            sentence names the line and the column.
    """
    forms = forms or Forms()
    table = read_table(path, columns)
    found = find_columns(table.headings, columns, path)
    raw, left_out = without_empty(raw_lines(table, found.positions), columns)
    days, day_notes = days_of(raw, forms)
    numbers, number_notes = numbers_of(raw, forms)
    lines = raw.rows.with_columns(*names_of(raw), *numbers, *flags_of(raw), days)
    if columns.is_lenient:
        usable = lines.filter(is_number(lines["quantity"]))
        left_out.append(LeftOut("hold no number as quantity", lines.height - usable.height))
        lines = usable
    else:
        _check_typed(raw, lines, forms)
    lines, not_sold, type_notes = _sold(lines, forms)
    lines, prefixes, credit_notes = _with_kinds(lines, path, forms)
    left_out += [*not_sold, *_unused(lines, prefixes, columns)]
    notes = [*table.notes, *found.notes, *day_notes, *number_notes, *type_notes, *credit_notes]
    lines = lines.drop("document_type", "status", strict=False)
    return Sales(lines.drop("row"), table.rows.height, [each for each in left_out if each.rows], notes, prefixes)


def _check_typed(raw: RawLines, lines: pl.DataFrame, forms: Forms) -> None:
    """Refuse values of a typed file that no sale can have."""
    if (is_wrong := ~is_number(lines["quantity"])).any():
        raw.refuse("quantity", is_wrong, "numbers up to 10^12")
    if "unit_price" in lines.columns and (is_wrong := ~is_number(lines["unit_price"].fill_null(0.0))).any():
        raw.refuse("unit_price", is_wrong, "numbers up to 10^12")
    if (is_wrong := ~lines["date"].dt.year().is_between(EARLIEST_YEAR, forms.latest_year)).any():
        raw.refuse("date", is_wrong, f"dates of the years {EARLIEST_YEAR} to {forms.latest_year}")
    if (is_wrong := lines["invoice_number"].is_null()).any():
        raw.refuse("invoice_number", is_wrong, "the number of the invoice")


def _sold(lines: pl.DataFrame, forms: Forms) -> tuple[pl.DataFrame, list[LeftOut], list[str]]:
    """The lines of sales and credits (credits negative); the lines left out; notes on how the file was read."""
    wrong: dict[str, pl.Expr] = {"are totals of the rows above": _is_total_of_above(lines)}
    if forms.latest_day is not None and not lines.is_empty():
        wrong["are dated after today"] = pl.col("date") > forms.latest_day
    if "status" in lines.columns:
        wrong["are void, deleted or cancelled"] = is_one_of("status", CANCELLED)
    if "document_type" in lines.columns:
        wrong["are purchases"] = is_one_of("document_type", PURCHASES)
    left_out = []
    for reason, is_wrong in wrong.items():
        left_out.append(_left_out(reason, lines.filter(is_wrong)))
        lines = lines.filter(~is_wrong)
    if "document_type" not in lines.columns:
        return lines, left_out, []
    is_credit = is_one_of("document_type", CREDITS)
    if not (count := lines.filter(is_credit).height):
        return lines, left_out, []
    size = pl.col("quantity").abs()
    if "unit_price" in lines.columns:
        lines = lines.with_columns(
            unit_price=pl.when(is_credit).then(pl.col("unit_price").abs()).otherwise("unit_price")
        )
    lines = lines.with_columns(quantity=pl.when(is_credit).then(-size).otherwise("quantity"))
    return lines, left_out, [f"Credits: {count:,} lines of a credit type."]


def _is_total_of_above(lines: pl.DataFrame) -> pl.Expr:
    """Whether a row is called a total and equals the sum of all rows above it, or of those since the last total."""
    is_named_total = lines["product_code"].str.contains(TOTAL).fill_null(value=False)
    totals: list[int] = []
    if is_named_total.any():
        everything = since = 0.0
        for row, quantity, is_candidate in zip(
            lines["row"], lines["quantity"].fill_null(0.0), is_named_total, strict=True
        ):
            if is_candidate and any(
                abs(quantity - total) <= TINY * max(1.0, abs(total)) for total in (everything, since)
            ):
                totals.append(row)
                since = 0.0
            else:
                everything, since = everything + quantity, since + quantity
    return pl.col("row").is_in(totals)


def _with_kinds(lines: pl.DataFrame, path: Path, forms: Forms) -> tuple[pl.DataFrame, tuple[str, ...], list[str]]:
    """The lines with their kinds, the prefixes that mark credit notes, and a note on them."""
    has_numbers = "invoice_number" in lines.columns
    if has_numbers:
        lines = lines.with_columns(pl.col("invoice_number").str.to_uppercase())
    if forms.credit_notes and not has_numbers:
        raise SalesFileError(f"{path} has no column of invoice numbers, so --credit-notes must be sign.")
    prefixes = forms.credit_notes
    if prefixes is None:
        prefixes = tuple(marking_prefixes(lines)) if has_numbers else ()
        is_marked = bears(prefixes)
    else:
        is_marked = begins_with(prefixes) if prefixes else pl.lit(value=False)
    if not prefixes:
        return _by_sign(lines)
    marked = lines.filter(is_marked)
    alternatives = " or ".join(prefixes)
    if marked.is_empty():
        raise SalesFileError(
            f"{path}: no invoice number begins with {alternatives}; give --credit-notes another prefix."
        )
    if forms.credit_notes and not (marked["quantity"] < 0).any():
        quantity = pl.when(is_marked).then(-pl.col("quantity")).otherwise("quantity")
        lines = lines.with_columns(quantity.alias("quantity"))
    note = f"Credit notes: {marked.height:,} lines whose invoice number begins with {alternatives}."
    return lines.with_columns(kind_of(is_marked)), prefixes, [note]


def _by_sign(lines: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...], list[str]]:
    lines = lines.with_columns(kind_of(None))
    count = int((lines["kind"] == CREDIT).sum())
    notes = [f"Credit notes: {count:,} lines with a negative quantity."] if count else []
    return lines, (), [*notes, *_may_be_credits(lines)]


def _may_be_credits(lines: pl.DataFrame) -> list[str]:
    """A warning for each usual prefix of credit notes that has no negative line."""
    if "invoice_number" not in lines.columns:
        return []
    usual = usual_prefixes(lines)
    return [
        f"Warning: {count:,} lines whose invoice number begins with {prefix} have no negative quantity and count as "
        f"sales. If they are credit notes, give --credit-notes {prefix}."
        for prefix, count in usual
    ]


def _unused(lines: pl.DataFrame, prefixes: tuple[str, ...], columns: Columns) -> list[LeftOut]:
    """The lines that are neither sale nor credit note, by reason; if lenient, lines with quantity 0 are kept."""
    unused = lines.filter(pl.col("kind") == UNUSED)
    alternatives = " or ".join(prefixes)
    by_reason = {
        f"are negative without the prefix {alternatives}": pl.col("quantity") < 0,
        f"are positive with the prefix {alternatives}": pl.col("quantity") > 0,
        **({} if columns.is_lenient else {"have quantity 0": pl.col("quantity") == 0}),
    }
    return [_left_out(reason, unused.filter(is_unused)) for reason, is_unused in by_reason.items()]


def _left_out(reason: str, lines: pl.DataFrame) -> LeftOut:
    units = lines["quantity"].abs()
    value = (units * lines["unit_price"]).sum() if "unit_price" in lines.columns else 0.0
    return LeftOut(reason, lines.height, float(units.sum()), float(value))
