"""A run as a page shows it.

What belongs here: the values of its part. What does not: its sentences (`planner/runs/run_sentences.py`).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pipelines.organisations.run_words import step_in_words
from planner.frame.formats import moment
from planner.runs.run_record import Job, RunRecord
from planner.runs.run_sentences import doing, duration, progress, result
from planner.shown.loading.loads_shown import LISTS
from planner.shown.plan_shown.plan_now import PlanNow

READS_XERO: Final = "load_from_xero"


@dataclass(frozen=True)
class RunShown:
    """What it does, who started it and when, how far it is, what came of it, and its page in Dagster."""

    run_id: str
    title: str
    by: str
    asked_at: str
    took: str
    state: str
    is_over: bool
    sentence: str
    steps_done: int
    steps_planned: int
    address: str
    is_send: bool = False


def run_shown(
    run: RunRecord,
    plan: PlanNow | None,
    *,
    zone: str,
    dagster: str,
    at: datetime,
    reading: tuple[str, int, int] | None = None,
) -> RunShown:
    """A run in words, at an instant; `reading` is the page of a list that was read from Xero last."""
    return RunShown(
        run.run_id, doing(run.job), run.by, moment(run.asked_at, zone), duration(run.seconds(at)), run.state.value,
        run.is_over, result(run, plan) if run.is_over else _progress(run, reading),
        sum(step.is_over for step in run.steps), max(run.steps_planned, len(run.steps)), f"{dagster}/runs/{run.run_id}",
        run.job == Job.SEND,
    )  # fmt: skip


def _progress(run: RunRecord, reading: tuple[str, int, int] | None) -> str:
    """What it does now; while it reads Xero, how far."""
    if run.step != READS_XERO or reading is None:
        return progress(run)
    name, page, pages = reading
    return f"{step_in_words(run.step)}: {LISTS.get(name, name)}, page {page:,} of {max(page, pages):,}."
