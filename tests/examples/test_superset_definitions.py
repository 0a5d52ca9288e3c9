"""The dashboard for Superset asks only what the published tables can answer."""

import json
import re
from pathlib import Path

import duckdb
import pytest

from examples.superset import start
from examples.superset.bundle import is_older, question
from examples.superset.dashboard import QUESTIONS, ROWS, Chart
from pipelines.storage.tables import PUBLISHED
from pipelines.storage.warehouse import describe_table

MANIFEST = Path(__file__).parents[2] / "dbt_project" / "target" / "manifest.json"
CHARTS = [chart for _, row in ROWS for chart in row]


@pytest.fixture(scope="module")
def published() -> duckdb.DuckDBPyConnection:
    """The published tables of before the first plan, all of them empty."""
    connection = duckdb.connect()
    for table in PUBLISHED:
        connection.execute(f"create table {table.name} ({describe_table(table)})")
    return connection


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_every_chart_asks_for_columns_that_are_published(chart: Chart, published: duckdb.DuckDBPyConnection) -> None:
    assert published.execute(question(chart)).description


def a_snapshot(path: Path, *, without: str = "") -> Path:
    """A snapshot of before the first plan; `without` is what an older version did not publish: a table or a column."""
    table, _, column = without.partition(".")
    with duckdb.connect(str(path)) as connection:
        for one in PUBLISHED:
            connection.execute(f"create table {one.name} ({describe_table(one)})")
        if column:
            connection.execute(f"alter table {table} drop column {column}")
        elif table:
            connection.execute(f"drop table {table}")
    return path


def test_a_snapshot_of_now_is_not_older(tmp_path: Path) -> None:
    assert not is_older(a_snapshot(tmp_path / "stocktrim.duckdb"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home for `make superset`, where nothing is published yet."""
    monkeypatch.setenv("STOCKTRIM_HOME", str(tmp_path))
    monkeypatch.setenv("PORT", "8088")
    return tmp_path


def publish(home: Path, organisation: str, *, without: str = "") -> Path:
    folder = home / "organisations" / organisation / "published"
    folder.mkdir(parents=True)
    return a_snapshot(folder / "stocktrim.duckdb", without=without)


EARLIER = [
    "supplier_spend_weekly", "kpi_daily.stock_value", "order_plan.average_daily_demand", "data_freshness.base_currency",
]  # fmt: skip


@pytest.mark.parametrize("without", EARLIER)
def test_a_snapshot_of_an_older_version_ends_in_one_sentence(without: str, home: Path) -> None:
    publish(home, "acme", without=without)
    with pytest.raises(SystemExit, match="published by an older version: run `stocktrim plan -o acme`"):
        start.main()
    assert not (home / "superset").exists()


def test_a_damaged_snapshot_ends_in_one_sentence(home: Path) -> None:
    publish(home, "acme").write_bytes(b"no database" * 1000)
    with pytest.raises(SystemExit, match=r"cannot be read \(.+\): `stocktrim load -o acme` publishes a new snapshot"):
        start.main()
    assert not (home / "superset").exists()


def test_one_older_snapshot_keeps_no_other_organisation_from_its_dashboard(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "say", print)
    publish(home, "acme", without="kpi_daily")
    newer = publish(home, "bolt")
    assert start.shown_snapshots(home) == {"bolt": newer}
    assert capsys.readouterr().out.startswith("Left out: The snapshot of 'acme' was published by an older version")


@pytest.mark.parametrize("port", ["", "0", "65536", "-1", "http"])
def test_a_port_that_cannot_be_is_one_sentence(port: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(home, "acme")
    monkeypatch.setenv("PORT", port)
    with pytest.raises(SystemExit, match="PORT must be a number from 1 to 65535"):
        start.main()


def test_dbt_knows_what_the_dashboard_reads() -> None:
    asked = " ".join(QUESTIONS.get(chart.table, chart.table) for chart in CHARTS)
    read = {table.name for table in PUBLISHED if re.search(rf"\b{table.name}\b", asked)}
    exposure = json.loads(MANIFEST.read_text())["exposures"]["exposure.stocktrim.superset_dashboard"]
    assert {node.split(".")[-1] for node in exposure["depends_on"]["nodes"]} == read


def test_every_row_of_charts_is_twelve_wide() -> None:
    assert {sum(chart.width for chart in row) for _, row in ROWS} == {12}
    assert len({chart.name for chart in CHARTS}) == len(CHARTS)
