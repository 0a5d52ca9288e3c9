"""A stage is made again whenever something that it depends on has changed, and for nothing else.

The warehouse here is made up: two rows a table, and the mark of every stage. Each edit shows which are made again.
What a stage depends on is read from Dagster's own graph, so that a table that is read and not declared there fails too.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import product
from types import SimpleNamespace
from typing import Any, Final, cast

import dagster as dg
import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.forecasting.forecast_request import REQUEST_SETTINGS, forecast_request
from pipelines.organisations.open_organisation import OpenOrganisation, open_organisation
from pipelines.planning_settings.registry import parse_setting
from pipelines.planning_settings.setting_descriptions import PARAMETERS
from pipelines.setting_subjects import ProductSupplier
from pipelines.settings import read_settings
from pipelines.storage import tables
from pipelines.storage.fingerprints import table_fingerprint
from pipelines.storage.stage_marks import SCHEMA
from pipelines.storage.tables import TABLES, Table
from pipelines.storage.tables.declaration import type_of
from pipelines.storage.warehouse import describe_table, insert_rows
from stocktrim_assets import listed_orders
from stocktrim_assets.assets import (
    exceptions,
    forecast,
    parameters,
    plan,
    published,
    purchase_orders,
    stage_run,
    suppliers,
)
from stocktrim_assets.assets.stage_run import Stage, StageRun
from stocktrim_assets.definitions import defs
from stocktrim_assets.specs import key_of
from tests.pipelines.planning_builders import GROUP, SUPPLIER, TEA, a_product, a_setting, in_group, inputs
from tests.stocktrim_assets.connected import connect_on_paper

STAGES: Final = (
    parameters.STAGE, forecast.CHOICE_STAGE, forecast.FORECAST_STAGE, plan.STAGE, suppliers.STAGE,
    purchase_orders.STAGE, exceptions.STAGE, listed_orders.STAGE, published.STAGE,
)  # fmt: skip
ALL: Final = {stage.name for stage in STAGES}
RUN: Final = cast("dg.AssetExecutionContext", SimpleNamespace(run=SimpleNamespace(run_id="3a708a3e")))
VALUES: Final[dict[type_of, tuple[object, object]]] = {
    pl.String: ("successor_of", "batch_size"), pl.Date: (date(2026, 3, 1), date(2026, 3, 2)), pl.Boolean: (True, True),
    tables.INSTANT: (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)),
}  # fmt: skip
OTHER: Final[dict[type_of, str]] = {pl.String: "'edited'", pl.Date: "date '2020-01-01'", pl.Boolean: "false"}
EDITS: Final = ("another value", "no value", "a row less", "a row twice")


class Marked:
    """A warehouse in which every stage has its mark."""

    def __init__(self, organisation: OpenOrganisation, warehouse: duckdb.DuckDBPyConnection) -> None:
        self.organisation, self.warehouse = organisation, warehouse

    def run(self, stage: Stage) -> StageRun:
        return StageRun(stage, RUN, self.organisation, self.warehouse)

    def changed(self) -> set[str]:
        """The stages that would be made again."""
        return {stage.name for stage in STAGES if self.run(stage).changes}

    @contextmanager
    def edited(self, *statements: str) -> Iterator[None]:
        """The warehouse with an edit for the block."""
        self.warehouse.begin()
        try:
            for statement in statements:
                self.warehouse.execute(statement)
            yield
        finally:
            self.warehouse.rollback()


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Marked]:
    home = read_settings({"STOCKTRIM_HOME": str(tmp_path_factory.mktemp("home"))})
    connect_on_paper(home, "acme")
    organisation = open_organisation(home, "acme")
    with closing(organisation.store), organisation.warehouse() as warehouse:
        warehouse.execute("create schema marts")
        for table in TABLES:
            warehouse.execute(f"create table if not exists {table.path} ({describe_table(table)})")
            insert_rows(warehouse, table.path, two_rows(table))
        warehouse.execute(f"update {tables.DEMAND_EVENTS.path} set scope = 'group' where subject = 'successor_of'")
        marked = Marked(organisation, warehouse)
        for stage in STAGES:
            run = marked.run(stage)
            run.keep({table: two_rows(table) for table in stage.makes})  # a new plan empties what is made after it
        yield marked


def two_rows(table: Table) -> pl.DataFrame:
    columns = {name: VALUES.get(dtype, (1, 2)) for name, dtype in table.columns.items()}
    return pl.DataFrame(columns, strict=False).cast(table.schema)


def dependants(table: Table) -> set[str]:
    """The stages that read a table or make it, as Dagster's graph has them."""
    graph = defs.resolve_asset_graph()
    steps = {asset.op.name: asset.keys for asset in defs.assets or () if isinstance(asset, dg.AssetsDefinition)}
    listed = {key_of(made) for made in listed_orders.STAGE.makes}  # by a stage within the step that publishes
    steps |= {listed_orders.STAGE.name: listed, published.STAGE.name: steps[published.STAGE.name] - listed}
    return {name for name in ALL if any(key_of(table) in {key, *graph.get(key).parent_keys} for key in steps[name])}


def statement(table: Table, column: str, edit: str, *, row: str = "min") -> str:
    """The SQL of an edit of the first or the last row of a table."""
    of_row = f"where rowid = (select {row}(rowid) from {table.path})"
    value = "null" if edit == "no value" else OTHER.get(table.columns[column], "7")
    if isinstance(table.columns[column], pl.Datetime) and edit != "no value":
        value = "timestamptz '2020-01-01 00:00:00+00'"
    return {
        "another value": f"update {table.path} set {column} = {value} {of_row}",
        "no value": f"update {table.path} set {column} = {value} {of_row}",
        "a row less": f"delete from {table.path} {of_row}",
        "a row twice": f"insert into {table.path} from {table.path} {of_row}",
    }[edit]


def assert_only_dependants_change(marked: Marked, table: Table, column: str, edit: str) -> None:
    with marked.edited(statement(table, column, edit)):
        assert marked.changed() == dependants(table), (table.path, column, edit)


def test_a_stage_of_which_nothing_changed_is_skipped(marked: Marked) -> None:
    assert marked.changed() == set()
    assert all(marked.run(stage).is_unchanged for stage in STAGES)


@settings(max_examples=6)
@given(st.data())
def test_every_edit_of_a_table_makes_again_what_depends_on_it_and_nothing_else(marked: Marked, data: Any) -> None:
    table = data.draw(st.sampled_from(TABLES))
    column = data.draw(st.sampled_from(list(table.columns)))
    assert_only_dependants_change(marked, table, column, data.draw(st.sampled_from(EDITS)))


@pytest.mark.soak
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.path)
def test_every_edit_of_every_column_makes_again_what_depends_on_it_and_nothing_else(
    marked: Marked, table: Table
) -> None:
    for column, edit in product(table.columns, EDITS):
        assert_only_dependants_change(marked, table, column, edit)


def test_a_setting_that_the_forecast_does_not_read_makes_no_forecast_again(marked: Marked) -> None:
    with marked.edited(statement(tables.PLAN_SETTINGS, "value", "another value", row="max")):
        assert marked.changed() == dependants(tables.PLAN_SETTINGS) - {"model_choice", "demand"}


def test_a_group_that_no_event_is_for_makes_no_forecast_again(marked: Marked) -> None:
    with marked.edited(statement(tables.PRODUCT_GROUPS, "group_name", "another value", row="max")):
        assert marked.changed() == dependants(tables.PRODUCT_GROUPS) - {"model_choice", "demand"}


@pytest.mark.parametrize("table", [stage.makes[-1] for stage in STAGES if stage.makes], ids=lambda table: table.path)
def test_a_table_that_was_dropped_by_hand_is_made_again(marked: Marked, table: Table) -> None:
    with marked.edited(f"drop table {table.path}"):
        assert dependants(table) == marked.changed()


def test_other_code_makes_every_stage_again(marked: Marked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_run, "CODE_VERSION", "edited")
    assert marked.changed() == ALL


def test_marks_of_another_organisation_make_every_stage_again(marked: Marked, caplog: pytest.LogCaptureFixture) -> None:
    connect_on_paper(marked.organisation.settings, "copied")
    with (
        closing(open_organisation(marked.organisation.settings, "copied").store) as store,
        marked.edited(),
    ):
        foreign = Marked(OpenOrganisation("copied", marked.organisation.settings, store), marked.warehouse)
        assert not any(foreign.run(stage).is_unchanged for stage in STAGES)
    assert "Everything is made again" in caplog.text


def test_damaged_marks_make_every_stage_again_and_say_so(marked: Marked, caplog: pytest.LogCaptureFixture) -> None:
    with marked.edited(f"update {SCHEMA}.marks set body = body[:9] where stage = 'demand'"):
        assert not any(marked.run(stage).is_unchanged for stage in STAGES)
    assert "damaged" in caplog.text


def test_a_rebuild_makes_every_stage_again(marked: Marked) -> None:
    rebuilt = Marked(replace(marked.organisation, rebuild=True), marked.warehouse)
    assert not any(rebuilt.run(stage).is_unchanged for stage in STAGES)


def test_a_value_that_a_stage_depends_on_makes_it_again_and_no_other(marked: Marked) -> None:
    run = marked.run(plan.STAGE)
    run.depends_on(is_stale=True)
    assert list(run.changes) == ["is_stale"]


def test_a_stage_goes_on_from_its_own_table_only_if_this_code_made_it_and_nobody_edited_it(
    marked: Marked, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = tables.MODEL_SCORES
    assert marked.run(forecast.CHOICE_STAGE).is_own(scores)
    with marked.edited(statement(scores, "score", "another value")):
        assert not marked.run(forecast.CHOICE_STAGE).is_own(scores)
    with marked.edited(statement(tables.AS_OF, "as_of_date", "another value")):
        assert marked.run(forecast.CHOICE_STAGE).is_own(scores)
    rebuilt = Marked(replace(marked.organisation, rebuild=True), marked.warehouse)
    assert not rebuilt.run(forecast.CHOICE_STAGE).is_own(scores)
    monkeypatch.setattr(stage_run, "CODE_VERSION", "edited")
    assert not marked.run(forecast.CHOICE_STAGE).is_own(scores)


def test_a_stage_cannot_read_what_it_does_not_declare(marked: Marked) -> None:
    with pytest.raises(KeyError, match=r"demand does not declare that it reads raw\.loads"):
        marked.run(forecast.FORECAST_STAGE).read(tables.LOADS)


def test_a_warning_is_repeated_for_as_long_as_the_stage_that_gave_it_is_skipped(marked: Marked) -> None:
    run = marked.run(plan.STAGE)
    warning = dg.AssetCheckResult(
        passed=False, asset_key=key_of(tables.ORDER_PLAN), check_name="every_order_can_be_paid",
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"sentence": "Look at this.", "count": 2, "rows": dg.MetadataValue.md("| a |")},
    )  # fmt: skip
    assert list(run.checked([warning])) == [warning]
    shown = {tables.ORDER_PLAN: {"most_urgent": dg.MetadataValue.md("| TEA |")}}
    run.keep({table: run.read(table) for table in plan.STAGE.makes}, shown)
    for _ in range(2):
        skipped = marked.run(plan.STAGE)
        assert skipped.is_unchanged
        check, *made = skipped.results()
        assert check == warning
        metadata = cast("dg.MaterializeResult[Any]", made[0]).metadata or {}
        assert metadata["most_urgent"] == dg.MetadataValue.md("| TEA |")
        assert metadata["unchanged since"] == dg.MetadataValue.timestamp(run.now)


@dataclass(frozen=True)
class Seen:
    """A company as the forecast sees it: what it asks for by all settings and by those it reads, and fingerprints."""

    settings: str
    request: str
    limited_request: str
    inputs: tuple[str, str]


@pytest.mark.parametrize(("level", "name"), [(each, name) for name, p in PARAMETERS.items() for each in p.levels])
def test_every_setting_at_every_level_is_seen_and_reaches_the_forecast_only_if_it_may(
    memory: duckdb.DuckDBPyConnection, without_settings: Seen, level: str, name: str
) -> None:
    before, after = without_settings, seen_by(memory, a_setting_of(level, name))
    assert before.settings != after.settings
    assert before.request == before.limited_request
    assert after.request == after.limited_request
    is_seen = before.inputs != after.inputs
    assert is_seen or before.request == after.request
    assert is_seen is (name in {*REQUEST_SETTINGS, *OF_THE_INTERVALS})


OF_THE_INTERVALS: Final = (
    "lead_time_days", "order_frequency_days", "manufacturing_time_days", "forecast_period_days", "order_days",
)  # fmt: skip


@pytest.fixture(scope="module")
def memory() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database for fingerprints, with the tables of parameters and settings."""
    with duckdb.connect() as connection:
        for table in (tables.PLANNING_SETTINGS, tables.PLAN_SETTINGS, tables.PROTECTION_INTERVALS):
            connection.execute(f"create schema if not exists {table.stage}")
            connection.execute(f"create table {table.path} ({describe_table(table)})")
        yield connection


@pytest.fixture(scope="module")
def without_settings(memory: duckdb.DuckDBPyConnection) -> Seen:
    return seen_by(memory, pl.DataFrame())


def seen_by(memory: duckdb.DuckDBPyConnection, setting: pl.DataFrame) -> Seen:
    """A company of three products, with a setting, as the forecast sees it."""
    products = [a_product(code) for code in (TEA, "P-0001", "P-0002")]
    company = inputs(*products, in_group(), *([setting] if setting.width else []))
    made = company.parameters
    needed = of_the_forecast(memory, made.plan_settings)
    request, limited = (
        str(vars(forecast_request(rows, made.protection_intervals))) for rows in (made.plan_settings, needed)
    )
    return Seen(
        fingerprint_of(memory, tables.PLANNING_SETTINGS, company.planning_settings), request, limited,
        (fingerprint_of(memory, tables.PLAN_SETTINGS, needed),
         fingerprint_of(memory, tables.PROTECTION_INTERVALS, made.protection_intervals)),
    )  # fmt: skip


def a_setting_of(level: str, name: str) -> pl.DataFrame:
    both = ProductSupplier(TEA, SUPPLIER).text
    subject = {"product": TEA, "product_supplier": both, "supplier": SUPPLIER, "group": GROUP, "global": ""}[level]
    return a_setting(name, parse_setting(name, PARAMETERS[name].example, level), level=level, subject=subject)


def of_the_forecast(memory: duckdb.DuckDBPyConnection, plan_settings: pl.DataFrame) -> pl.DataFrame:
    """The rows that the forecast reads, by the condition of its stage."""
    memory.register("settings", plan_settings.to_arrow())
    condition = forecast.FORECAST_STAGE.rows[tables.PLAN_SETTINGS]
    return memory.sql(f"from settings where {condition}").pl().cast(tables.PLAN_SETTINGS.schema)


def fingerprint_of(memory: duckdb.DuckDBPyConnection, table: Table, frame: pl.DataFrame) -> str:
    memory.execute(f"delete from {table.path}")
    insert_rows(memory, table.path, frame)
    return table_fingerprint(memory, table.path)
