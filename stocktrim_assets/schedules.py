"""The schedule: load and plan once a day, every connected organisation by itself.

What belongs here: when. What does not: what (`jobs.py`).
Read more in docs/operations.md.
"""

from typing import Final

import dagster as dg

from pipelines.organisation import connected_keys
from pipelines.settings import read_settings
from stocktrim_assets.jobs import load_and_plan
from stocktrim_assets.partitions import organisations

DAILY: Final = "0 5 * * *"


@dg.schedule(
    job=load_and_plan,
    cron_schedule=DAILY,
    description="Every morning at five (UTC), load from Xero and plan, each organisation in a run of its own.",
)
def daily_load_and_plan(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
    """One run an organisation that is connected and a partition; the day is part of the run's key."""
    partitions = set(context.instance.get_dynamic_partitions(str(organisations.name)))
    day = f"{context.scheduled_execution_time:%Y-%m-%d}"
    return [
        dg.RunRequest(run_key=f"{key}:{day}", partition_key=key, tags={"organisation": key})
        for key in connected_keys(read_settings())
        if key in partitions
    ]
