"""A file of settings comes back from a spreadsheet in any of its forms; what is unclear is named, never guessed."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.planning_settings.setting_files.requested_settings import propose
from pipelines.planning_settings.setting_files.setting_csv import (
    COLUMNS,
    read_csv,
    written_csv,
)
from pipelines.planning_settings.subjects import Subjects
from pipelines.product_codes import ProductCodes, folded
from pipelines.spreadsheets.file_faults import SpreadsheetFileError
from pipelines.spreadsheets.formulas import guarded, unguarded

FILE = Path("settings.csv")
CODES = ("TEA", "CUP", "00123", '6" pipe, steel', "=SUM(A1)", "Käse 🧀", "-1", "@home", "'-1")
SUPPLIERS = {"id-7": "Supplier 07", "id-8": "Mill; Sons"}
ROWS = (
    ("global", "", "service_level", "0.975"),
    ("global", "", "daily_run_at", "05:00"),
    ("supplier", "Supplier 07", "lead_time_days", "30"),
    ("supplier", "Mill; Sons", "minimum_order_value", "1250.5"),
    ("product", "00123", "overridden_demand_until", "2026-12-24"),
    ("product", "TEA", "batch_size", "1.125"),
    ("product", "TEA", "discontinued", "true"),
    ("product", "TEA", "preferred_supplier", "Supplier 07"),
    ("product", "TEA", "supplier_product_code", "=4711"),
    ("product", "CUP", "bundle_of", "TEA:2; 00123:0.5"),
    ("product", "CUP", "maximum_shelf_level", "none"),
    *(("product", code, "minimum_order_quantity", "12") for code in CODES[2:]),
)
STORED = {
    **{(level, subject, name): value for level, subject, name, value in ROWS},
    ("product", "TEA", "preferred_supplier"): "id-7",
    ("product", "CUP", "maximum_shelf_level"): "",
}
EXPLICIT = {
    (level, {name: key for key, name in SUPPLIERS.items()}.get(subject, subject), name): value
    for (level, subject, name), value in STORED.items()
}


def exported(rows=ROWS):
    keys = ("level", "subject", "setting", "value")
    return written_csv(dict.fromkeys(COLUMNS.written, "") | dict(zip(keys, row, strict=True)) for row in rows)


def text():
    return exported().decode("utf-8-sig")


def result(data, *, explicit=EXPLICIT, **forms):
    """What the file would change, its faults first."""
    read = read_csv(FILE, data if isinstance(data, bytes) else data.encode(), **forms)
    found = propose(read.requests, subjects=Subjects(ProductCodes(CODES), SUPPLIERS), explicit=explicit)
    return [*read.faults, *found.faults], found


def a_file(*lines, separator=","):
    return "\r\n".join([separator.join(["level", "subject", "setting", "value"]), *lines]) + "\r\n"


def resaved(separator=",", **cells):
    """The file as a spreadsheet saves it: every cell as it shows it."""
    rows = [line.split("\t") for line in as_tabs().splitlines()]
    quoted = [[f'"{cell}"' if separator in cell or '"' in cell else cell for cell in row] for row in rows]
    return "\r\n".join(separator.join(cells.get(cell, cell) for cell in row) for row in quoted) + "\r\n"


def as_tabs():
    rows = csv.reader(io.StringIO(text(), newline=""))
    return "\n".join("\t".join(cell.replace('"', '""') for cell in row) for row in rows)


@pytest.mark.parametrize(
    "data",
    [
        exported(),
        text().encode(),
        text().replace("\r\n", "\n").encode(),
        text().replace("\r\n", "\r").encode(),
        text().encode("utf-16"),
        text().encode("utf-16-le"),
        ("\ufeff" + resaved("\t")).encode("utf-16-le"),
        ("\ufeff" + resaved(";")).encode(),
        ("sep=;\r\n" + resaved(";")).encode(),
        (text() + "\r\n\r\n,,,,,,,,\r\n").encode(),
        text().replace("\r\n", ",,\r\n").encode(),
        ("\r\n" + text()).encode(),
        text().replace("level,subject", " Level , SUBJECT").encode(),
    ],
    ids=["as written", "no mark", "LF", "CR", "UTF-16", "UTF-16 without mark", "Unicode text", "semicolons", "sep=",
         "empty lines", "empty columns", "an empty first line", "headings"],
)  # fmt: skip
def test_a_round_trip_changes_nothing(data):
    faults, found = result(data)
    assert (faults, found.changes, found.unchanged) == ([], [], len(ROWS))


def test_what_a_spreadsheet_shows_in_another_language_is_read_as_the_same():
    shown = {
        "0.975": "97,50%", "1250.5": "1250,5", "1.125": "1,125", "2026-12-24": "24.12.2026", "true": "WAHR",
        "05:00": "05:00:00",
    }  # fmt: skip
    faults, found = result(resaved(";", **shown))
    assert (faults, found.changes) == ([], [])


def test_what_a_spreadsheet_shows_in_america_is_read_as_the_same():
    shown = {"0.975": "97.50%", "1250.5": '"1,250.50"', "2026-12-24": "12/24/2026", "true": "TRUE",
             "05:00": "5:00:00 AM"}  # fmt: skip
    faults, found = result(resaved(",", **shown))
    assert (faults, found.changes) == ([], [])


def test_windows_1252_is_read():
    faults, found = result(a_file("product,Käse,batch_size,6").encode("cp1252"), explicit={})
    assert [fault.problem for fault in faults] == [
        "There is no product 'Käse'; load first if it is new in Xero. The nearest code is 'Käse 🧀'."
    ]
    assert not found.changes


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("product,TEA,overridden_demand_until,03/04/2026",
         "03/04/2026 can be 2026-04-03 or 2026-03-04: write it as 2026-04-03, or give --date-order."),
        ('product,TEA,batch_size,"1,500"', "1,500 can be 1500 or 1.5: write it as a plain number, or give --decimal."),
    ],
)  # fmt: skip
def test_a_value_that_can_be_read_in_two_ways_is_refused(line, problem):
    (fault,), found = result(a_file(line), explicit={})
    assert (fault.line, fault.column, fault.problem, found.changes) == (2, "value", problem, [])


def test_another_cell_or_an_option_decides_how_a_value_is_read():
    ambiguous = "product,TEA,overridden_demand_until,03/04/2026"
    sure = "product,CUP,overridden_demand_until,24/12/2026"
    for data, forms in ((a_file(ambiguous, sure), {}), (a_file(ambiguous), {"date_order": "dmy"})):
        faults, found = result(data, explicit={}, **forms)
        assert (faults, found.changes[0].new) == ([], "2026-04-03")
    faults, found = result(a_file('product,TEA,batch_size,"1,500"'), explicit={}, decimal=",")
    assert (faults, found.changes[0].new) == ([], "1.5")


def test_a_point_of_our_own_file_is_a_decimal_point_and_no_separator_of_thousands():
    faults, found = result(a_file("product,TEA,batch_size,1.500"), explicit={})
    assert (faults, found.changes[0].new) == ([], "1.5")
    (fault,), _ = result(a_file("product;TEA;batch_size;1.500", separator=";"), explicit={})
    assert "1.500 can be 1.5 or 1500" in fault.problem


@pytest.mark.parametrize(
    ("line", "column", "problem"),
    [
        (
            "product,123,batch_size,6",
            "subject",
            "There is no product '123'; did a spreadsheet drop the zeros before '00123'?",
        ),
        ("product,ZZZZ,batch_size,6", "subject", "There is no product 'ZZZZ'; load first"),
        (
            "supplier,Supplier 7,lead_time_days,6",
            "subject",
            "There is no supplier 'Supplier 7'. Nearest first: Supplier",
        ),
        ("global,TEA,lead_time_days,6", "subject", "A setting for the whole organisation has no subject, but 'TEA'"),
        (
            "brand,TEA,lead_time_days,6",
            "level",
            "'brand' is not a level: give global, supplier, group, product or ",
        ),
        ("product,TEA,lead_time,6", "setting", "There is no setting 'lead_time'. Nearest first: lead_time_days"),
        ("supplier,Supplier 07,minimum_shelf_level,6", "setting", "minimum_shelf_level cannot be set for a supplier"),
        ("product,TEA,batch_size,0", "value", "batch_size cannot be '0': give a number of units from 0.0001"),
        ("product,TEA,batch_size,-1", "value", "batch_size cannot be '-1': give"),
        ("product,TEA,batch_size,1e12", "value", "batch_size cannot be '1000000000000': give"),
        ("product,TEA,batch_size,NaN", "value", "batch_size cannot be 'NaN': give"),
        ("product,TEA,lead_time_days,0.1", "value", "lead_time_days cannot be '0.1': give a whole number"),
        (
            "product,TEA,supplier_product_code,4.71E+11",
            "value",
            "4.71E+11 is a number that a spreadsheet has shortened",
        ),
        ("product,TEA,bundle_of,CUP:2; ZZ:1", "value", "There is no product 'ZZ'"),
        ('product,TEA,"batch_size\nvalue",6', "setting", "There is a line break: is a quotation mark not closed?"),
        ("product,TEA,batch_size,6,7", "", "There are more fields than headings: '7' has none."),
    ],
)
def test_a_wrong_row_is_named_by_line_column_and_reason(line, column, problem):
    (fault,), found = result(a_file("product,CUP,batch_size,6", "", line), explicit={})
    assert (fault.line, fault.column) == (4, column)
    assert fault.problem.startswith(problem)
    assert len(found.changes) == 1


def test_every_wrong_row_is_named():
    faults, _ = result(a_file(*(f"product,X-{number},batch_size,6" for number in range(200))), explicit={})
    assert [fault.line for fault in faults] == list(range(2, 202))


def test_a_setting_that_is_given_twice_is_refused():
    (fault,), _ = result(a_file("product,TEA,batch_size,6", "product,tea,batch_size,12"), explicit={})
    assert (fault.line, fault.problem) == (3, "Line 2 sets batch_size of the same product too: keep one of them.")


def test_an_empty_value_removes_the_setting_and_a_row_that_is_left_out_changes_nothing():
    faults, found = result(a_file("product,TEA,batch_size,"), explicit=EXPLICIT)
    assert (faults, [(change.name, change.old, change.new) for change in found.changes]) == (
        [], [("batch_size", "1.125", None)],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "settings.csv is empty"),
        (b"PK\x03\x04", "settings.csv is an Excel workbook or another archive: save the sheet as CSV"),
        (b"a,b\r\n1,2\r\n", "lacks the columns level, subject, setting, value: its first line has a, b"),
        (b"level,subject,setting,value,colour\r\n", "has the unknown column 'colour'"),
        (b"level,subject,setting,value,value\r\n", "has the column value 2 times"),
        (b"level,subject,setting,value\r\nglobal,,lead_time_days,\x00\r\n", "line 2: there is a NUL character"),
    ],
)
def test_a_file_that_is_none_of_settings_is_refused_in_a_sentence(data, problem):
    with pytest.raises(SpreadsheetFileError, match=r"^settings\.csv") as refused:
        read_csv(FILE, data)
    assert problem in str(refused.value)


@given(st.text(alphabet="'=+-@\t\r\nA1", max_size=6))
@settings(max_examples=100)
def test_no_exported_text_is_a_formula_and_each_comes_back(written):
    kept = guarded(written)
    assert kept[:1] not in tuple("=+-@\t\r\n")
    assert unguarded(kept) == written


AWKWARD = st.one_of(st.sampled_from("0019AZa -+=@'\",;|%._ßé🧀"), st.characters(codec="utf-8"))
CODE = st.text(AWKWARD, min_size=1, max_size=12).filter(
    lambda code: code.isprintable() and code.strip() == code and folded(code) not in {"", "none"}
)
QUANTITY = st.decimals(min_value="0.0001", max_value="1000000000", places=4).map(lambda n: f"{n.normalize() + 0:f}")
SAVED = [(",", "utf-8-sig"), (";", "utf-8"), ("\t", "utf-16"), ("|", "utf-8")]


@given(
    rows=st.dictionaries(CODE, st.tuples(QUANTITY, CODE), min_size=1, max_size=6),
    saved=st.sampled_from(SAVED), quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)  # fmt: skip
@settings(max_examples=80)
def test_whatever_codes_and_values_there_are_a_round_trip_changes_nothing(rows, saved, quoting):
    check_round_trip(rows, saved, quoting)


@pytest.mark.soak
@given(
    rows=st.dictionaries(CODE, st.tuples(QUANTITY, CODE), min_size=1, max_size=30),
    saved=st.sampled_from(SAVED), quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)  # fmt: skip
@settings(max_examples=3000)
def test_thousands_of_round_trips_change_nothing(rows, saved, quoting):
    check_round_trip(rows, saved, quoting)


def check_round_trip(rows, saved, quoting):
    """Written, opened, saved again with another separator and encoding, and read."""
    separator, encoding = saved
    explicit: dict[tuple[str, str, str], str] = {}
    for code, (units, words) in rows.items():
        explicit |= {("product", code, "batch_size"): units, ("product", code, "supplier_product_code"): words}
    written = exported((level, subject, name, value) for (level, subject, name), value in explicit.items())
    table = io.StringIO()
    csv.writer(table, delimiter=separator, quoting=quoting).writerows(
        csv.reader(io.StringIO(written.decode("utf-8-sig"), newline=""))
    )
    read = read_csv(FILE, table.getvalue().encode(encoding), decimal=None if separator == "," else ".")
    found = propose(read.requests, subjects=Subjects(ProductCodes(rows), {}), explicit=explicit)
    assert (read.faults, found.faults, found.changes) == ([], [], [])
    assert found.unchanged == len(explicit)
