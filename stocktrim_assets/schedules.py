"""The schedules: load and plan in each organisation's own morning, replay the past on its own Sunday.

What belongs here: which morning's run is still to be asked for. What does not: what is run (`jobs.py`), when a morning
is (`pipelines.planning_settings.mornings`).
A schedule looks every quarter of an hour and remembers nothing: the runs that Dagster has, by the tags that they got
here, say what was made. So a morning at which this machine was off is caught up, once, and one whose run failed is
tried again with longer and longer pauses.
Read more in docs/operations.md.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Final

import dagster as dg

from pipelines.planning_settings.mornings import Morning, due_morning
from pipelines.planning_settings.registry import GlobalSettings, global_settings, with_defaults
from pipelines.settings import read_settings
from pipelines.store.connected_organisations import get_organisation
from pipelines.store.engine import open_store
from pipelines.store.setting_ledger.setting_changes import explicit_settings
from pipelines.xero.time_zones import time_zone
from stocktrim_assets.jobs import backtest, load_and_plan
from stocktrim_assets.partitions import workable

EVERY_QUARTER: Final = "*/15 * * * *"
MORNING_TAG: Final = "stocktrim/morning"
ASKED_TAG: Final = "stocktrim/asked_at"
MOST_TRIES: Final = 8
FIRST_PAUSE: Final = timedelta(minutes=15)
LONGEST_PAUSE: Final = timedelta(hours=2)
REPLAY_AT: Final = "03:00"
REPLAY_ON: Final = "sun"

Calendar = Callable[[GlobalSettings], tuple[str, str]]


@dg.schedule(
    job=load_and_plan,
    cron_schedule=EVERY_QUARTER,
    description=(
        "In each organisation's own morning (the settings daily_run_at and daily_run_weekdays, in its time zone) load "
        "from Xero and plan, each in a run of its own; looks every quarter of an hour whose morning has begun."
    ),
)
def daily_load_and_plan(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
    """One run for each organisation whose morning has begun and whose run was not made yet."""
    return _due_runs(context, load_and_plan.name, lambda chosen: (chosen.daily_run_at, chosen.daily_run_weekdays))


@dg.schedule(
    job=backtest,
    cron_schedule=EVERY_QUARTER,
    description=(
        "On each organisation's own Sunday, at three in its time zone, replay its last year for our rule and its "
        "rivals; looks every quarter of an hour where it has begun."
    ),
)
def weekly_backtest(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
    """One run for each organisation whose Sunday has begun and whose run was not made yet."""
    return _due_runs(context, backtest.name, lambda _: (REPLAY_AT, REPLAY_ON))


def pause_after(tries: int) -> timedelta:
    """How long after the last try that failed the next one is asked for.

    >>> [str(pause_after(tries)) for tries in (1, 2, 3, 4, 7)]
    ['0:15:00', '0:30:00', '1:00:00', '2:00:00', '2:00:00']
    """
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << (tries - 1)))


def _due_runs(
    context: dg.ScheduleEvaluationContext, job: str, calendar: Calendar
) -> list[dg.RunRequest] | dg.SkipReason:
    keys, skipped = workable(context.instance)
    for sentence in skipped:
        context.log.warning(sentence)
    if not keys:
        return dg.SkipReason(" ".join(skipped) or "No organisation is connected.")
    at = context.scheduled_execution_time
    requests = [
        request
        for key, morning in _mornings(keys, calendar, at=at)
        for request in _request(context.instance, job, key, morning, at=at)
    ]
    return requests or dg.SkipReason(" ".join(["No organisation's run is due.", *skipped]))


def _mornings(keys: list[str], calendar: Calendar, *, at: datetime) -> Iterator[tuple[str, Morning]]:
    """The morning that each organisation had last; none for those whose mornings are off."""
    with closing(open_store(read_settings().database_url)) as store:
        for key in keys:
            chosen = global_settings(with_defaults(explicit_settings(store, key)))
            hour, weekdays = calendar(chosen)
            zone = time_zone(get_organisation(store, key).time_zone)
            morning = due_morning(at, zone, at=hour, weekdays=weekdays)
            if morning is not None:
                yield key, morning


def _request(
    instance: dg.DagsterInstance, job: str, key: str, morning: Morning, *, at: datetime
) -> Iterator[dg.RunRequest]:
    """A run of a morning that had none, or whose tries have all failed, the last of them a good while ago."""
    tags = {"organisation": key, MORNING_TAG: str(morning.day)}
    tries = instance.get_runs(dg.RunsFilter(job_name=job, tags=tags))
    if any(run.status is not dg.DagsterRunStatus.FAILURE for run in tries) or len(tries) >= MOST_TRIES:
        return
    if tries and at - max(map(_asked_at, tries)) < pause_after(len(tries)):
        return
    yield dg.RunRequest(
        run_key=":".join([job, key, str(morning.day), *([str(len(tries))] if tries else [])]),
        partition_key=key,
        tags=tags | {ASKED_TAG: at.isoformat()},
    )


def _asked_at(run: dg.DagsterRun) -> datetime:
    return datetime.fromisoformat(run.tags[ASKED_TAG])
