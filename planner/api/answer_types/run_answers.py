"""What the API answers of loads, plans and sends.

What belongs here: their shapes. What does not: their routes (`run_routes.py`).
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

JobName = Literal["load", "plan", "load_and_plan", "send", "backtest"]


class RunRequest(BaseModel):
    """What to start."""

    job: JobName
    entities: list[str] = Field(
        default=[], description="A load only: products, sales_orders, purchase_orders, suppliers; the usual if empty."
    )
    refresh: list[str] = Field(default=[], description="A load only: read all of these again, not only what changed.")


class RunAnswer(BaseModel):
    """A load, plan, send or backtest: how far it is, and in a sentence what it does or what came of it."""

    run_id: str
    job: str
    state: Literal["waiting", "running", "stopping", "done", "failed", "stopped"]
    by: str | None = Field(description="Who started it from the desk or the API; none for a schedule or a command.")
    asked_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    step: str | None = Field(description="What is at work now, in words.")
    steps_done: int
    steps_planned: int | None = Field(description="None in a list.")
    sentence: str | None = Field(description="How far it is or what came of it; none in a list.")
    dagster_url: str


class RunsAnswer(BaseModel):
    """Loads, plans, sends and backtests, the newest first."""

    runs: list[RunAnswer]
    next_cursor: str | None = Field(description="Give it as cursor for those that follow; none after the last.")
