"""What a run is in words: what it does, how far it is, what came of it.

What belongs here: sentences about runs. What does not: what a step is called (`pipelines.organisations.run_words`).
"""

from collections.abc import Iterator, Mapping
from textwrap import shorten
from typing import Any, Final

from pipelines.organisations.run_words import step_in_words
from planner.frame.browser_sentences import without_commands
from planner.runs.run_record import Job, RunRecord, RunStage
from planner.shown.dashboard_view import needs_today
from planner.shown.plan_shown.plan_now import PlanNow

# What a job does, for a button, while it works, and once it has.
_DOING: Final = {
    Job.LOAD: "Loading from Xero",
    Job.PLAN: "Planning",
    Job.LOAD_AND_PLAN: "Loading from Xero and planning",
    Job.SEND: "Sending approved orders",
    Job.BACKTEST: "Replaying the last year",
}
_DONE: Final = {
    Job.SEND: "Sending has ended; each order says what became of it.",
    Job.BACKTEST: "The last year was replayed: Service shows what each service level costs.",
}
# Steps whose name says nothing to a buyer.
_STEPS: Final = {"warehouse_models": "Working out sales and stock"}
_MINUTE: Final = 60
_MOST_LETTERS: Final = 400
_NOTHING_NEW: Final = "Nothing has changed in Xero since the last load."
STOPPED: Final = "Stopped. What was loaded and published before is as it was."
_FAILED: Final = "It failed without saying why. What was loaded and published before is as it was."


def doing(job: str) -> str:
    """What a job does while it works.

    >>> doing("load_and_plan"), doing("explain")
    ('Loading from Xero and planning', 'Explain')
    """
    return _DOING[Job(job)] if job in set(Job) else job.replace("_", " ").capitalize()


def progress(run: RunRecord) -> str:
    """What a run does now, in a sentence."""
    if run.state is RunStage.WAITING:
        return "Waits for its turn."
    if run.state is RunStage.STOPPING:
        return "Stopping."
    return f"{(_STEPS.get(run.step) or step_in_words(run.step)) if run.step else 'Going on'}."


def duration(seconds: int) -> str:
    """A time in minutes and seconds.

    >>> duration(7), duration(60), duration(125)
    ('7 s', '1 min', '2 min 5 s')
    """
    minutes, left = divmod(seconds, _MINUTE)
    return " ".join([*([f"{minutes} min"] if minutes else []), *([f"{left} s"] if left or not minutes else [])])


def result(run: RunRecord, plan: PlanNow | None) -> str:
    """What came of a run that has ended, in sentences; `plan` is the published one, with what is decided since."""
    if run.state is RunStage.FAILED:
        return shorten(without_commands(run.failure), _MOST_LETTERS, placeholder=" …") or _FAILED
    if run.state is RunStage.STOPPED:
        return STOPPED
    parts = [*_loaded(run), *_planned(run, plan), *([_DONE[Job(run.job)]] if run.job in _DONE else [])]
    return " ".join(parts) or "Done."


def sent_in_words(sent: int, refused: int) -> str:
    """What came of a send: how many orders Xero has since, and how many it refuses.

    >>> sent_in_words(1, 0), sent_in_words(2, 1), sent_in_words(0, 0)
    ('1 order was sent.', '2 orders were sent. 1 order is refused by Xero and waits for you.', 'No order was sent.')
    """
    parts = [f"{_orders(sent)} {'was' if sent == 1 else 'were'} sent." if sent else "No order was sent."]
    if refused:
        waits = "is refused by Xero and waits" if refused == 1 else "are refused by Xero and wait"
        parts.append(f"{_orders(refused)} {waits} for you.")
    return " ".join(parts)


def _orders(number: int) -> str:
    return f"{number:,} order{'' if number == 1 else 's'}"


def _loaded(run: RunRecord) -> Iterator[str]:
    of_load = run.made.get("raw.loads")
    if of_load is not None:
        yield changes_in_words(of_load.get("changes") or {})


def changes_in_words(changes: Mapping[str, Any]) -> str:
    """What a load changed.

    >>> changes_in_words({"records": [{"records": "products", "new": 1, "changed": 2000, "void": 0, "gone": 0}]})
    'Loaded: 1 new product, 2,000 changed products.'
    >>> changes_in_words({})
    'Nothing has changed in Xero since the last load.'
    """
    found = [
        f"{row[kind]:,} {kind} {row['records'] if row[kind] != 1 else row['records'].removesuffix('s')}"
        for row in changes.get("records", ())
        for kind in ("new", "changed", "void", "gone")
        if row[kind]
    ]
    moved = changes.get("products_moved", 0)
    if moved:
        found.append(f"stock moved of {moved:,} product{'' if moved == 1 else 's'}")
    return f"Loaded: {', '.join(found)}." if found else _NOTHING_NEW


def _planned(run: RunRecord, plan: PlanNow | None) -> Iterator[str]:
    if run.job in {Job.PLAN, Job.LOAD_AND_PLAN} and plan is not None and plan.view.summary is not None:
        yield f"Planned: {needs_today(plan)}"
