"""The same sales, written in any form that a spreadsheet or a ledger has, are read alike; or the person is asked."""

import csv
import io
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sales_files.forms import PRODUCT_SALES, DateOrder, Forms
from sales_files.reading import Sales, read_sales
from sales_files.sales_file_error import SalesFileError

LATEST = 2027
Row = tuple[str, date, Decimal]
# Letters whose bytes in Windows-1252 are never UTF-8 by chance.
CODES = st.text("ABCxyz0189-_./,;|'\" éüñßÄ", min_size=1, max_size=12).map(str.strip).filter(bool)
DAYS = st.dates(date(1990, 1, 1), date(LATEST, 12, 31))
AMOUNTS = st.decimals(-99_999_999, 99_999_999, places=3, allow_nan=False) | st.integers(-3000, 3000).map(Decimal)
ROWS = st.lists(st.tuples(CODES, DAYS, AMOUNTS), min_size=1, max_size=12)
ENCODINGS = ("utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be")
HEADINGS = (
    ("product_code", "date", "quantity"), ("PRODUCT CODE", "Invoice Date", "Qty"),
    ("SKU", "Order_Date", "Order_Demand"), ("Stock Code", "date ", "*Quantity"), ("itemCode", "DATE", "Units sold"),
)  # fmt: skip
DATES: dict[str, DateOrder] = {
    "%Y-%m-%d": "ymd", "%Y/%m/%d": "ymd", "%Y.%m.%d": "ymd", "%Y%m%d": "ymd", "%y-%m-%d": "ymd", "%d.%m.%Y": "dmy",
    "%d/%m/%Y": "dmy", "%d-%m-%Y": "dmy", "%d/%m/%y": "dmy", "%d.%m.%y": "dmy", "%-d/%-m/%Y": "dmy", "%m/%d/%Y": "mdy",
    "%-m/%-d/%Y": "mdy", "%m-%d-%y": "mdy", "%m.%d.%Y": "mdy", "%d %B %Y": "dmy", "%d-%b-%Y": "dmy", "%d-%b-%y": "dmy",
    "%B %d, %Y": "mdy", "%a, %d %b %Y": "dmy", "%Y-%b-%d": "ymd", "serial": "ymd",
}  # fmt: skip
CLOCKS = ("", " 23:30", "T23:30:00+13:00", " 11:30:59 PM", "T00:00:00.123Z", " 09:05:00 NZDT", ", 23:59:59")
GROUPS = ("", ",", ".", " ", "\u00a0", "\u2009", "\u202f", "'", "\u2019")


@dataclass(frozen=True)
class Written:
    """A form of a file."""

    encoding: str
    separator: str
    newline: str
    quoting: Literal[0, 1, 2, 3]
    headings: tuple[str, ...]
    date_form: str
    clock: str
    decimal: Literal[".", ","]
    group: str
    places: int
    negative: str
    money: str

    def file(self, rows: list[Row]) -> bytes:
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=self.separator, lineterminator=self.newline, quoting=self.quoting)
        writer.writerow(self.headings)
        writer.writerows((code, self.day(day), self.number(amount)) for code, day, amount in rows)
        mark = "\ufeff" if self.encoding in ("utf-16-le", "utf-16-be") else ""
        return (mark + text.getvalue()).encode(self.encoding)

    def day(self, day: date) -> str:
        if self.date_form == "serial":
            return str((day - date(1899, 12, 30)) / timedelta(days=1)).removesuffix(".0")
        return day.strftime(self.date_form) + self.clock

    def number(self, amount: Decimal) -> str:
        whole, _, part = f"{abs(amount):,.{self.places}f}".partition(".")
        size = self.money.format(whole.replace(",", self.group) + (self.decimal + part if part else ""))
        return self.negative.format(size) if round(amount, self.places) < 0 else size


FORMS = st.builds(
    Written,
    encoding=st.sampled_from(ENCODINGS),
    separator=st.sampled_from(",;\t|"),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    headings=st.sampled_from(HEADINGS),
    date_form=st.sampled_from(list(DATES)),
    clock=st.sampled_from(CLOCKS),
    decimal=st.sampled_from([".", ","]),
    group=st.sampled_from(GROUPS),
    places=st.sampled_from([0, 1, 2, 3]),
    negative=st.sampled_from(["-{}", "{}-", "({})", "\u2212{}", "- {}"]),
    money=st.sampled_from(["{}", "£{}", "{} €", "US${}", "CHF {}"]),
).filter(lambda form: form.group != form.decimal and not (form.encoding == "cp1252" and unknown_to_cp1252(form)))


def unknown_to_cp1252(form: Written) -> bool:
    return form.group in ("\u2009", "\u202f") or form.negative == "\u2212{}"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("forms") / "sales.csv"


def read_or_refusal(file: Path, forms: Forms) -> Sales | str:
    """The sales, or the sentence that refuses them."""
    try:
        return read_sales(file, PRODUCT_SALES, forms)
    except SalesFileError as refused:
        return str(refused)


@settings(max_examples=300, deadline=None)
@given(rows=ROWS, form=FORMS)
def test_sales_in_any_form_are_read_as_written_or_one_sentence_names_the_option_that_decides(
    file: Path, rows: list[Row], form: Written
) -> None:
    file.write_bytes(form.file(rows))
    written = [(code, day, float(round(amount, form.places))) for code, day, amount in rows]
    sales = read_or_refusal(file, Forms(latest_year=LATEST))
    if isinstance(sales, str):
        assert "line " in sales
        assert "--date-order" in sales or "--decimal" in sales
        sales = read_sales(file, PRODUCT_SALES, Forms(DATES[form.date_form], form.decimal, latest_year=LATEST))
    assert sales.lines.select("product_code", "date", "quantity").rows() == written
    assert not sales.left_out


@settings(max_examples=150, deadline=None)
@given(
    rows=ROWS,
    form=FORMS,
    at=st.integers(0, 10_000),
    junk=st.binary(min_size=1, max_size=6),
    is_cut=st.booleans(),
)
@example(
    rows=[("A", date(2026, 1, 1), Decimal(1))],
    form=Written("utf-8", ",", "\n", csv.QUOTE_ALL, HEADINGS[0], "%Y-%m-%d", "", ".", "", 0, "-{}", "{}"),
    at=1,
    junk=b"A\n",
    is_cut=False,
)
def test_a_damaged_file_is_read_or_refused_in_one_sentence(
    file: Path, rows: list[Row], form: Written, at: int, junk: bytes, is_cut: bool
) -> None:
    whole = form.file(rows)
    at %= len(whole)
    file.write_bytes(whole[:at] + junk + (b"" if is_cut else whole[at:]))
    sales = read_or_refusal(file, Forms(latest_year=LATEST))
    assert isinstance(sales, Sales) or len(sales.splitlines()) == 1


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_anything_else_is_refused_in_one_sentence(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    sentence = read_or_refusal(file, Forms())
    assert isinstance(sentence, str)
    assert len(sentence.splitlines()) == 1
