"""What was planned is kept: every plan, a row for every day, whatever is planned or loaded later."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.replenishment.plan.plan_summary import summarise_plan
from pipelines.settings import read_settings
from pipelines.storage import tables
from pipelines.storage.warehouse import open_warehouse, read_table, transaction
from pipelines.storage.whole_plan import keep_plan
from pipelines.store.engine import open_store
from stocktrim_assets.assets import raw
from stocktrim_assets.assets.plan import _tables
from tests.pipelines.planning_builders import AS_OF, a_product, expecting, in_stock, inputs

TOMORROW = AS_OF + timedelta(days=1)


def keep_a_plan(folder: Path, *, day: date, on_hand: float, name: str) -> None:
    """A plan of one product, kept beside those before it."""
    result = inputs(a_product(), in_stock(on_hand))
    plan = result.plan(expecting(14, 7), plan_id=f"{day:%Y%m%d}-{name}")
    summary = summarise_plan(
        plan.order_plan, result.stock_on_order, base_currency="GBP", planned_at=datetime.now(UTC), data_loaded_at=None,
        is_stale=False, inputs_hash=name, code_version="1", as_of=day,
    )  # fmt: skip
    with open_warehouse(folder) as warehouse, transaction(warehouse):
        keep_plan(warehouse, _tables(plan, summary, result.parameters))


def kept(folder: Path, table: tables.Table) -> pl.DataFrame:
    with open_warehouse(folder) as warehouse:
        return read_table(warehouse, table)


def test_every_plan_is_kept_and_each_day_is_measured_by_its_last(tmp_path: Path) -> None:
    keep_a_plan(tmp_path, day=AS_OF, on_hand=3, name="morning")
    keep_a_plan(tmp_path, day=AS_OF, on_hand=5, name="evening")
    keep_a_plan(tmp_path, day=TOMORROW, on_hand=8, name="tomorro")
    days = kept(tmp_path, tables.KPI_DAILY).sort("as_of_date")
    assert days.select("as_of_date", "stock_quantity").rows() == [(AS_OF, 5.0), (TOMORROW, 8.0)]
    assert kept(tmp_path, tables.PLAN_HISTORY)["plan_id"].n_unique() == 3
    assert kept(tmp_path, tables.PLAN_SUMMARY).height == 3


@dataclass(frozen=True)
class Anywhere(OpenOrganisation):
    """An organisation that is connected to nothing, and whose day is `AS_OF`."""

    def today(self) -> date:
        return AS_OF


@pytest.fixture
def organisation(tmp_path: Path) -> Iterator[OpenOrganisation]:
    settings = read_settings({"STOCKTRIM_HOME": str(tmp_path)})
    store = open_store(settings.database_url)
    yield Anywhere("acme", settings, store)
    store.close()


def decide_again(organisation: OpenOrganisation, as_of: str) -> dg.ExecuteInProcessResult:
    """The first step of a run that is started again, with the day that it was given."""
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("organisation", ["acme"])
        return dg.materialize(
            [raw.decisions], partition_key="acme", resources={"organisation": organisation}, instance=instance,
            run_config={"ops": {"decisions": {"config": {"as_of": as_of}}}}, raise_on_error=False,
        )  # fmt: skip


def test_fault_62_an_old_plan_that_is_run_again_does_not_become_the_current_one(
    organisation: OpenOrganisation,
) -> None:
    keep_a_plan(organisation.folder, day=AS_OF, on_hand=5, name="current")
    again = decide_again(organisation, str(AS_OF - timedelta(days=1)))
    assert not again.success
    (failure,) = again.get_step_failure_events()
    assert "There is a plan as of 2026-03-02" in str(failure.step_failure_data.error)
    assert kept(organisation.folder, tables.AS_OF).is_empty()


@pytest.mark.parametrize(("as_of", "day"), [("", AS_OF), ("2026-03-02", AS_OF), ("2026-03-03", TOMORROW)])
def test_a_plan_of_the_newest_plans_day_or_later_goes_on(organisation: OpenOrganisation, as_of: str, day: date) -> None:
    keep_a_plan(organisation.folder, day=AS_OF, on_hand=5, name="current")
    assert decide_again(organisation, as_of).success
    assert kept(organisation.folder, tables.AS_OF)["as_of_date"].to_list() == [day]
