"""The dashboard for Superset asks only what the published tables can answer."""

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from examples.superset.dashboard import MEASURES, QUESTIONS, ROWS, Chart
from pipelines.tables import PUBLISHED
from pipelines.warehouse import describe_table

MANIFEST = Path(__file__).parents[2] / "dbt_project" / "target" / "manifest.json"
CHARTS = [chart for _, row in ROWS for chart in row]


@pytest.fixture(scope="module")
def published() -> duckdb.DuckDBPyConnection:
    """The published tables of before the first plan, all of them empty."""
    connection = duckdb.connect()
    for table in PUBLISHED:
        connection.execute(f"create table {table.name} ({describe_table(table)})")
    return connection


def question(chart: Chart) -> str:
    """What Superset asks for a chart, as far as names and types go."""
    asked: dict[str, Any] = chart.params
    columns = [*asked.get("groupby", []), *asked.get("all_columns", [])]
    if "x_axis" in asked:
        columns.append(f"date_trunc('day', {asked['x_axis']})")
    names = [*asked.get("metrics", []), *([asked["metric"]] if "metric" in asked else [])]
    measures = [MEASURES[chart.table][name] for name in names]
    filters = [one["sqlExpression"] for one in asked.get("adhoc_filters", [])] or ["true"]
    source = f"({QUESTIONS[chart.table]})" if chart.table in QUESTIONS else chart.table
    grouped = f"group by {', '.join(columns)}" if columns and measures else ""
    return f"select {', '.join([*columns, *measures])} from {source} where {' and '.join(filters)} {grouped}"


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_every_chart_asks_for_columns_that_are_published(chart: Chart, published: duckdb.DuckDBPyConnection) -> None:
    published.execute(question(chart)).fetchall()


def test_dbt_knows_what_the_dashboard_reads() -> None:
    asked = " ".join(QUESTIONS.get(chart.table, chart.table) for chart in CHARTS)
    read = {table.name for table in PUBLISHED if re.search(rf"\b{table.name}\b", asked)}
    exposure = json.loads(MANIFEST.read_text())["exposures"]["exposure.stocktrim.superset_dashboard"]
    assert {node.split(".")[-1] for node in exposure["depends_on"]["nodes"]} == read


def test_every_row_of_charts_is_twelve_wide() -> None:
    assert {sum(chart.width for chart in row) for _, row in ROWS} == {12}
    assert len({chart.name for chart in CHARTS}) == len(CHARTS)
