"""What Xero's data lack, told as a person reads it."""

import re
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.readiness import told_by_problem
from pipelines.tables import XERO_READINESS
from stocktrim_assets.reports import readiness_report


def found(*rows: dict[str, Any]) -> pl.DataFrame:
    usual = {"currency": "GBP", "what_to_do": "Do it.", "xero_link": "https://go.xero.com/"}
    return pl.DataFrame([usual | row for row in rows], schema=XERO_READINESS.schema, orient="row")


def test_a_problem_is_one_line_with_its_records_its_money_and_a_link_to_the_dearest():
    told = told_by_problem(
        found(
            {"problem": "missing_cost", "record_id": "a", "amount": Decimal(5), "xero_link": "https://go.xero.com/a"},
            {"problem": "missing_cost", "record_id": "b", "amount": Decimal(7), "xero_link": "https://go.xero.com/b"},
            {"problem": "no_supplier", "record_id": "c", "amount": Decimal(30)},
            {"problem": "demo_company", "record_id": "d"},
        )
    )
    assert told.select("problem", "records", "amount").rows() == [
        ("demo_company", 1, None), ("no_supplier", 1, Decimal(30)), ("missing_cost", 2, Decimal(12)),
    ]  # fmt: skip
    assert told["xero_link"][2] == "https://go.xero.com/b"


def test_books_without_problems_are_told_to_be_so():
    assert told_by_problem(found()).is_empty()
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
