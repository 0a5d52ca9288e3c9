"""A plan is kept whole: killed at a write, or blocked by a check, what a later load publishes is of one plan."""

import multiprocessing
import signal
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.purchasing.orders import OrderState
from pipelines.purchasing.transitions import reject
from pipelines.replenishment.plan.order_plan import PlanTables, make_plan
from pipelines.settings import read_settings
from pipelines.storage import tables
from pipelines.storage.snapshots import publish, read_published, snapshot_name
from pipelines.store.engine import open_store
from pipelines.store.order_ledger import OrderLedger
from pipelines.store.setting_ledger.setting_changes import SettingChange, set_settings
from stocktrim_assets.assets import published
from tests.end_to_end.dying_plans import KEY, STEPS, die_at, ended_run, run_of_a_plan

OF_A_PLAN = (
    tables.MODEL_CHOICE, tables.MODEL_SCORES, tables.FORECAST_CALIBRATION, tables.DEMAND_FORECAST,
    tables.DEMAND_QUANTILES, tables.DEMAND_HORIZONS, tables.ONE_OFF_ORDERS, tables.ORDER_PLAN, tables.PLAN_SETTINGS,
    tables.LEAD_TIMES,
)  # fmt: skip
HISTORIES = (tables.PLAN_SUMMARY, tables.PLAN_HISTORY, tables.KPI_DAILY)
WRITES = (
    "create or replace table unfinished.demand_quantiles", "insert into stage_marks.marks",
    "insert into parameters.plan_settings", "insert into plan.order_plan", "insert into plan.plan_history",
    "insert into purchase_orders",
)  # fmt: skip


@pytest.fixture
def home(copied_home: Path) -> Path:
    """A home where the next plan differs from the last: every order covers twice as many days."""
    settings = read_settings({"STOCKTRIM_HOME": str(copied_home)})
    store = open_store(settings.database_url)
    set_settings(store, KEY, [SettingChange("global", "", "order_frequency_days", "60", "a buyer", datetime.now(UTC))])
    store.close()
    return copied_home


def published_by_a_later_load(home: Path) -> dict[str, pl.DataFrame]:
    """What people read after the last step of a load."""
    folder = home / "organisations" / KEY
    publish(folder, snapshot_id=snapshot_name(datetime.now(UTC), uuid.uuid4().hex))
    frames = read_published(folder, *OF_A_PLAN, *HISTORIES, tables.PURCHASE_ORDER_DRAFTS)
    return dict(
        zip((table.name for table in (*OF_A_PLAN, *HISTORIES, tables.PURCHASE_ORDER_DRAFTS)), frames, strict=True)
    )


def assert_of_one_plan(home: Path, before: dict[str, pl.DataFrame]) -> bool:
    """Whether it is the new plan, once it is proven that it is one."""
    found = published_by_a_later_load(home)
    (name,) = found["order_plan"]["plan_id"].unique()
    for table in HISTORIES:
        newest = found[table.name].filter(pl.col("planned_at") == pl.col("planned_at").max())
        assert set(newest["plan_id"]) == {name}, table.name
    assert set(found["purchase_order_drafts"]["plan_id"]) <= {name}
    is_new = name not in before["plan_summary"]["plan_id"].to_list()
    assert found["demand_quantiles"].equals(before["demand_quantiles"]) is not is_new
    assert set(found["plan_settings"].filter(name="order_frequency_days")["value"]) == ({"60"} if is_new else {"7"})
    if not is_new:
        assert all(found[table.name].equals(before[table.name]) for table in OF_A_PLAN)
    return is_new


def test_a_plan_that_is_killed_at_a_write_is_there_whole_or_not_at_all(home: Path) -> None:
    before = published_by_a_later_load(home)
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["tests.end_to_end.dying_plans"])
    for words in WRITES:
        process = server.Process(target=die_at, args=(home, words))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL, words
        assert assert_of_one_plan(home, before) is (words == WRITES[-1]), words
    assert run_of_a_plan(home)
    assert assert_of_one_plan(home, before)
    assert published_by_a_later_load(home)["purchase_order_drafts"].height


def test_a_plan_that_a_check_blocks_leaves_the_plan_before_whole(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = published_by_a_later_load(home)
    monkeypatch.setattr("stocktrim_assets.assets.plan.make_plan", twice(make_plan))
    assert not run_of_a_plan(home)
    assert not assert_of_one_plan(home, before)


def twice(make: Callable[..., PlanTables]) -> Callable[..., PlanTables]:
    """A plan that has every product twice, which the border of the plan refuses."""

    def made(*arguments: Any, **named: Any) -> PlanTables:
        good = make(*arguments, **named)
        return replace(good, order_plan=pl.concat([good.order_plan, good.order_plan]))

    return made


PUBLISHING = [*STEPS, published.published_snapshot]
OF_STEP = {
    "parameters": "plan_settings", "model_choice": "model_choice", "demand": "demand_forecast",
    "order_plan": "order_plan", "purchase_order_drafts": "purchase_order_drafts", "published_snapshot": "snapshot",
}  # fmt: skip


def made_again(home: Path, *, rebuild: bool = False) -> set[str]:
    """The steps of a run that were not skipped."""
    result = ended_run(home, PUBLISHING, rebuild=rebuild)
    assert result.success
    made = [event.materialization for event in result.get_asset_materialization_events()]
    skipped = {each.asset_key.path[-1] for each in made if "unchanged since" in each.metadata}
    return {step for step, table in OF_STEP.items() if table not in skipped}


def plans_and_orders(home: Path) -> tuple[object, ...]:
    """What a run must leave as it is if nothing changed."""
    settings = read_settings({"STOCKTRIM_HOME": str(home)})
    with closing(open_store(settings.database_url)) as store:
        ledger = OrderLedger(store, KEY).fingerprint()
    link = (home / "organisations" / KEY / "published").readlink()
    summaries, orders = read_published(home / "organisations" / KEY, tables.PLAN_SUMMARY, tables.ORDER_PLAN)
    return ledger, link, summaries["planned_at"].to_list(), orders["plan_id"].unique().to_list()


def test_only_what_depends_on_a_change_is_made_again_and_it_is_what_a_rebuild_makes(copied_home: Path) -> None:
    settings = read_settings({"STOCKTRIM_HOME": str(copied_home)})
    before = plans_and_orders(copied_home)
    assert made_again(copied_home) == set()
    assert plans_and_orders(copied_home) == before
    with closing(open_store(settings.database_url)) as store:
        ledger = OrderLedger(store, KEY)
        draft = ledger.orders(OrderState.DRAFT)[0]
        ledger.append(reject(draft, by="a buyer", at=datetime.now(UTC), reason="too early"))
    assert made_again(copied_home) == {"purchase_order_drafts", "published_snapshot"}
    with closing(open_store(settings.database_url)) as store:
        set_settings(store, KEY, [SettingChange("global", "", "batch_size", "7", "a buyer", datetime.now(UTC))])
    assert made_again(copied_home) == OF_STEP.keys() - {"model_choice", "demand"}
    folder = copied_home / "organisations" / KEY
    skipping = read_published(folder, *OF_A_PLAN)
    assert made_again(copied_home, rebuild=True) == OF_STEP.keys()
    assert all(after.equals(frame) for after, frame in zip(read_published(folder, *OF_A_PLAN), skipping, strict=True))
