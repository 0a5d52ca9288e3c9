"""Step 1 of a buyer's day: what Xero's data lack stands in a table, and the doctor tells it."""

import duckdb

from tests.end_to_end.conftest import Planned


def test_the_doctor_tells_each_problem_that_is_published(planned: Planned) -> None:
    result = planned.stocktrim("doctor", "--json").json()["readiness"]
    found = planned.stocktrim.published("xero_readiness").group_by("problem").len().rows()
    assert {one["problem"]: one["records"] for one in result} == dict(found)
    assert {"sale_without_product", "no_supplier", "order_late_and_unbilled"} <= dict(found).keys()
    shown = planned.stocktrim("doctor").out
    assert "money at stake" in shown
    assert "no_supplier" in shown


def test_late_orders_come_to_one_sum_in_the_plan_and_in_the_exceptions(planned: Planned) -> None:
    late = planned.stocktrim.published("xero_readiness").filter(problem="order_late_and_unbilled")
    summary = planned.stocktrim.published("plan_summary").sort("planned_at").row(-1, named=True)
    assert late["document_number"].n_unique() == summary["late_orders"] > 0
    assert abs(float(late["amount"].sum()) - float(summary["late_on_order_value"])) <= 0.01 * late.height


def test_every_published_column_says_what_it_means_in_the_file_itself(planned: Planned) -> None:
    with duckdb.connect(str(planned.stocktrim.snapshot() / "stocktrim.duckdb"), read_only=True) as published:
        silent = published.execute(
            "select table_name, column_name from duckdb_columns() where not internal and comment is null"
        ).fetchall()
    assert silent == []
