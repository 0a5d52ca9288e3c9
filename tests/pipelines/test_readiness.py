"""What Xero's data lack, as a person reads it."""

import re
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from pipelines.errors import UsageError
from pipelines.readiness import by_problem, find_exception, open_exceptions, sentences
from pipelines.storage.tables import EXCEPTION_DECISIONS, XERO_READINESS
from stocktrim_assets.reports import readiness_report


def found(*rows: dict[str, Any]) -> pl.DataFrame:
    usual = {"currency": "GBP", "what_to_do": "Do it.", "xero_link": "https://go.xero.com/"}
    return pl.DataFrame([usual | row for row in rows], schema=XERO_READINESS.schema, orient="row")


def test_a_problem_is_one_line_with_its_records_its_money_and_a_link_to_the_dearest():
    result = by_problem(
        found(
            {"problem": "missing_cost", "record_id": "a", "amount": Decimal(5), "xero_link": "https://go.xero.com/a"},
            {"problem": "missing_cost", "record_id": "b", "amount": Decimal(7), "xero_link": "https://go.xero.com/b"},
            {"problem": "no_supplier", "record_id": "c", "amount": Decimal(30)},
            {"problem": "demo_company", "record_id": "d"},
        )
    )
    assert result.select("problem", "records", "amount").rows() == [
        ("demo_company", 1, None), ("no_supplier", 1, Decimal(30)), ("missing_cost", 2, Decimal(12)),
    ]  # fmt: skip
    assert result["xero_link"][2] == "https://go.xero.com/b"


def test_books_without_problems_are_told_to_be_so():
    assert by_problem(found()).is_empty()
    assert "Nothing in Xero needs a look" in str(readiness_report(found())["readiness"].value)


def test_a_report_shows_ten_records_of_a_problem_and_nothing_that_xero_wrote_takes_effect():
    name = "<img src=x> ![p](http://evil) | [l](http://evil)"
    link = "https://go.xero.com/x?shortcode=!a) <script>|`"
    rows = [{"problem": "no_supplier", "record_id": str(n), "name": name, "xero_link": link} for n in range(12)]
    report = readiness_report(found(*rows))
    table = str(report["readiness/no_supplier"].value)
    assert table.count("\n") == 1 + 10
    assert "| 12 |" in str(report["readiness"].value)
    assert not re.search(r"(?<!\\)[<`!]|(?<!\\)\]\((?!https://go\.xero\.com/)", table)
    assert "[open](https://go.xero.com/x?shortcode=%21a%29%20%3Cscript%3E%7C%60)" in table


def test_what_could_not_be_read_comes_first_with_its_numbers_then_what_is_of_unknown_value():
    lines = sentences(
        found(
            {"problem": "no_supplier", "record_id": "c", "product_code": "MUG", "amount": Decimal(30), "effect": "E."},
            {"problem": "foreign_amount_without_rate", "record_id": "b", "document_number": "INV-2", "effect": "E."},
            {"problem": "unreadable_record", "record_id": "a", "document_number": "INV-1", "amount": Decimal(2),
             "age_days": 200, "effect": "Its sales are missing."},
            {"problem": "missing_cost", "record_id": "d", "product_code": "CUP", "amount": Decimal(1), "effect": "E."},
        ),
        shown=2,
    )  # fmt: skip
    assert lines == [
        "unreadable_record: 1 record, 2.00 GBP: INV-1 (200 days old, 2.00 GBP). Its sales are missing. Do it.",
        "foreign_amount_without_rate: 1 record, 1 of unknown value: INV-2 (value unknown). E. Do it.",
        "no_supplier: 1 record, 30.00 GBP: MUG (30.00 GBP). E. Do it.",
        "1 more problem of 1 record.",
    ]


def test_a_problem_of_many_records_names_the_first_and_counts_the_rest():
    rows = [{"problem": "no_supplier", "record_id": f"{n:02}", "amount": Decimal(n)} for n in range(12)]
    (line,) = sentences(found(*rows))
    assert "11 (11.00 GBP)" in line
    assert "07 (7.00 GBP) and 7 more" in line


def test_a_dismissal_holds_for_the_version_that_was_dismissed_and_no_other_record():
    rows = found(
        {"problem": "unreadable_record", "record_id": "a", "version": "2"},
        {"problem": "unreadable_record", "record_id": "b", "version": "1"},
        {"problem": "unreadable_record", "record_id": "c", "version": "1"},
    )
    dismissed = pl.DataFrame(
        [{"problem": "unreadable_record", "record_id": record, "version": "1"} for record in "ab"],
        schema=EXCEPTION_DECISIONS.schema,
    )
    assert open_exceptions(rows, dismissed)["record_id"].to_list() == ["a", "c"]


def test_an_exception_is_found_by_number_code_name_or_id_and_never_guessed():
    rows = found(
        {"problem": "old_draft_invoice", "record_id": "a", "document_number": "INV-1", "version": "1"},
        {"problem": "unknown_status", "record_id": "a", "document_number": "INV-1", "version": "1"},
        {"problem": "no_supplier", "record_id": "c", "product_code": "MUG", "version": ""},
        {"problem": "stale_load", "record_id": "o", "name": "Acme"},
    )
    assert find_exception(rows, "MUG")["record_id"] == "c"
    assert find_exception(rows, "INV-1", problem="unknown_status")["problem"] == "unknown_status"
    for wanted, said in (("INV-1", "--problem"), ("INV-9", "No exception"), ("Acme", "cannot be dismissed")):
        with pytest.raises(UsageError, match=said):
            find_exception(rows, wanted)
