"""A run of Dagster's as the desk sees it.

What belongs here: what is kept of an answer. What does not: asking (`dagster_runs.py`), and sentences
(`run_sentences.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from pipelines.organisations.run_words import STARTED_BY

PARTITION: Final = "dagster/partition"


class Job(StrEnum):
    """A job that is started from the desk, by its name in Dagster."""

    LOAD = "load"
    PLAN = "plan"
    LOAD_AND_PLAN = "load_and_plan"
    SEND = "send_approved_orders"
    BACKTEST = "backtest"


class RunStage(StrEnum):
    """How far a run is."""

    WAITING = "waiting"
    RUNNING = "running"
    STOPPING = "stopping"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


_STATES: Final = {
    "QUEUED": RunStage.WAITING, "NOT_STARTED": RunStage.WAITING, "STARTING": RunStage.WAITING,
    "MANAGED": RunStage.WAITING, "STARTED": RunStage.RUNNING, "CANCELING": RunStage.STOPPING,
    "SUCCESS": RunStage.DONE, "FAILURE": RunStage.FAILED, "CANCELED": RunStage.STOPPED,
}  # fmt: skip
AT_WORK: Final = tuple(name for name, state in _STATES.items() if state in {"waiting", "running", "stopping"})


@dataclass(frozen=True)
class Step:
    """A step that has begun: its key, and whether it has ended."""

    key: str
    is_over: bool


@dataclass(frozen=True)
class RunRecord:
    """A run of an organisation: what, who, when, and how far; `steps` are those that have begun, in order.

    `failure` is the sentence of the step that failed; `made` the figures of what it made, by table and label.
    """

    run_id: str
    job: str
    organisation: str
    by: str
    state: RunStage
    asked_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    steps: Sequence[Step] = ()
    steps_planned: int = 0
    failure: str = ""
    made: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether it has ended, well or not."""
        return self.state in {RunStage.DONE, RunStage.FAILED, RunStage.STOPPED}

    @property
    def step(self) -> str:
        """The step at work; empty between steps."""
        return next((step.key for step in reversed(self.steps) if not step.is_over), "")

    def seconds(self, at: datetime) -> int:
        """How long it has taken, from the moment at which it was asked for."""
        return max(0, round(((self.ended_at or at) - self.asked_at).total_seconds()))


def run_of(answer: Mapping[str, Any], **more: Any) -> RunRecord:
    """The run of an answer of Dagster's."""
    tags = {tag["key"]: tag["value"] for tag in answer["tags"]}
    steps = sorted(answer["stepStats"], key=lambda step: step["startTime"] or 0.0)
    begun = [step for step in steps if step["startTime"]]
    return RunRecord(
        answer["runId"], answer["jobName"], tags.get(PARTITION, ""), tags.get(STARTED_BY, ""),
        _STATES.get(answer["status"], RunStage.WAITING), _instant(answer["creationTime"]),
        _instant(answer["startTime"]) if answer["startTime"] else None,
        _instant(answer["endTime"]) if answer["endTime"] else None,
        [Step(step["stepKey"], is_over=bool(step["endTime"])) for step in begun], **more,
    )  # fmt: skip


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
