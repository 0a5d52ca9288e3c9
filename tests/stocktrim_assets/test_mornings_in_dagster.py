"""The daily run of each organisation, as Dagster's schedule asks for it: once a local day, made up for if it fails."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from pipelines.settings import read_settings
from pipelines.store.engine import open_store
from pipelines.store.setting_ledger.setting_changes import SettingChange, set_settings
from stocktrim_assets.definitions import defs
from stocktrim_assets.partitions import organisations
from stocktrim_assets.schedules import MOST_TRIES, daily_load_and_plan, weekly_backtest
from tests.stocktrim_assets.connected import AT, connect_on_paper

ZONES = {
    "auckland": "NEWZEALANDSTANDARDTIME", "kathmandu": "NEPALSTANDARDTIME", "lord-howe": "LORDHOWESTANDARDTIME",
    "los-angeles": "PACIFICSTANDARDTIME", "nowhere": "",
}  # fmt: skip
QUARTER = timedelta(minutes=15)
SUCCESS, FAILURE = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE
STARTED, CANCELED = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELED
JOBS = {daily_load_and_plan.name: "load_and_plan", weekly_backtest.name: "backtest"}


@dataclass
class Machine:
    """A home with its Dagster: each tick is evaluated, and what it asks for ends as `ends` says."""

    instance: dg.DagsterInstance
    schedule: dg.ScheduleDefinition = daily_load_and_plan

    def set(self, key: str, name: str, value: str) -> None:
        with closing(open_store(read_settings().database_url)) as store:
            set_settings(store, key, [SettingChange("global", "", name, value, "a buyer", AT)])

    def tick(self, at: datetime, ends: Callable[[datetime], dg.DagsterRunStatus] = lambda _: SUCCESS) -> list[str]:
        """The organisations that get a run at an instant."""
        context = dg.build_schedule_context(
            self.instance, scheduled_execution_time=at, repository_def=defs.get_repository_def()
        )
        # Dagster would open its three databases again at every tick
        context._instance = self.instance  # type: ignore[assignment]
        requests = self.schedule.evaluate_tick(context).run_requests or []
        job = dg.GraphDefinition(name=JOBS[self.schedule.name], node_defs=[]).to_job()
        for request in requests:
            tags = {**request.tags, "dagster/partition": str(request.partition_key)}
            self.instance.create_run_for_job(job, status=ends(at), tags=tags)
        return [str(request.partition_key) for request in requests]

    def run(
        self, *hours: str, ends: Callable[[datetime], dg.DagsterRunStatus] = lambda _: SUCCESS
    ) -> list[tuple[str, str]]:
        """Who gets a run when, of the ticks at these instants, just before and just after them."""
        ticks = sorted({instant(hour) + k * QUARTER for hour in hours for k in (-1, 0, 1)})
        return [(f"{at:%m-%d %H:%M}", key) for at in ticks for key in self.tick(at, ends)]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """Five organisations in five time zones; all of the first day's mornings are over and done."""
    monkeypatch.setenv("STOCKTRIM_HOME", str(tmp_path))
    with dg.instance_for_test() as instance:
        for key, zone in ZONES.items():
            connect_on_paper(read_settings(), key, time_zone=zone)
        instance.add_dynamic_partitions(str(organisations.name), list(ZONES))
        machine = Machine(instance)
        assert machine.tick(instant("03-03 15:00")) == list(ZONES)
        yield machine


def alone(machine: Machine, key: str) -> None:
    for other in ZONES:
        if other != key:
            machine.set(other, "daily_run_at", "off")


def test_each_organisation_runs_at_five_in_its_own_morning_once_a_day(machine: Machine) -> None:
    due = [
        ("03-03 16:00", "auckland"), ("03-03 18:00", "lord-howe"), ("03-03 23:15", "kathmandu"),
        ("03-04 05:00", "nowhere"), ("03-04 13:00", "los-angeles"), ("03-04 16:00", "auckland"),
    ]  # fmt: skip
    assert machine.run(*(at for at, _ in due)) == due


def test_the_hour_and_the_weekdays_are_each_organisations_own(machine: Machine) -> None:
    alone(machine, "los-angeles")
    machine.set("los-angeles", "daily_run_at", "06:30")
    machine.set("los-angeles", "daily_run_weekdays", "tue,fri")
    assert [at for at, _ in machine.run("03-04 14:30", "03-06 14:30", "03-07 14:30", "03-10 13:30")] == [
        "03-06 14:30", "03-10 13:30",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("hour", "before", "ticks", "runs"),
    [
        ("02:30", "03-07 15:00", ["03-08 09:30", "03-08 10:30", "03-09 09:30"], ["03-08 10:30", "03-09 09:30"]),
        ("01:30", "10-31 15:00", ["11-01 08:30", "11-01 09:30", "11-02 09:30"], ["11-01 08:30", "11-02 09:30"]),
    ],
    ids=["left out", "twice"],
)
def test_fault_65_a_day_on_which_the_clock_is_changed_has_one_run(
    machine: Machine, hour: str, before: str, ticks: list[str], runs: list[str]
) -> None:
    alone(machine, "los-angeles")
    machine.set("los-angeles", "daily_run_at", hour)
    machine.tick(instant(before))
    assert [at for at, _ in machine.run(*ticks)] == runs


def test_fault_65_mornings_at_which_the_machine_was_off_are_caught_up_once(machine: Machine) -> None:
    alone(machine, "auckland")
    assert machine.run("03-06 02:15", "03-06 16:00") == [("03-06 02:00", "auckland"), ("03-06 16:00", "auckland")]


def test_a_daily_run_that_fails_is_tried_again_with_longer_pauses_until_it_is_made(machine: Machine) -> None:
    alone(machine, "nowhere")
    tries = ["03-04 05:00", "03-04 05:15", "03-04 05:45", "03-04 06:45", "03-04 08:45"]
    away_until = instant("03-04 08:00")
    runs = machine.run(*tries, "03-04 10:45", ends=lambda at: FAILURE if at < away_until else SUCCESS)
    assert [at for at, _ in runs] == tries


def test_a_morning_that_cannot_be_made_is_given_up_before_the_next(machine: Machine) -> None:
    alone(machine, "nowhere")
    ticks = ["05:00", "05:15", "05:45", "06:45", "08:45", "10:45", "12:45", "14:45", "16:45", "22:45"]
    runs = machine.run(*(f"03-04 {tick}" for tick in ticks), "03-05 05:00", ends=lambda _: FAILURE)
    assert len(runs) == MOST_TRIES + 2
    assert [at for at, _ in runs][MOST_TRIES - 1 : MOST_TRIES + 1] == ["03-04 14:45", "03-05 05:00"]


@pytest.mark.parametrize("status", [STARTED, CANCELED])
def test_a_run_that_is_on_its_way_or_was_cancelled_by_a_person_is_not_asked_for_again(
    machine: Machine, status: dg.DagsterRunStatus
) -> None:
    alone(machine, "nowhere")
    assert len(machine.run("03-04 05:00", "03-04 06:00", "03-04 12:00", ends=lambda _: status)) == 1


def test_the_past_is_replayed_on_each_organisations_own_sunday(machine: Machine) -> None:
    machine.schedule = weekly_backtest
    machine.tick(instant("03-05 00:00"))
    due = [
        ("03-07 14:00", "auckland"), ("03-07 16:00", "lord-howe"), ("03-07 21:15", "kathmandu"),
        ("03-08 03:00", "nowhere"), ("03-08 10:00", "los-angeles"),
    ]  # fmt: skip
    assert machine.run("03-06 03:00", *(at for at, _ in due)) == due
