"""Starting a load, a plan or a send, and its progress, which the page asks for every second.

What belongs here: the routes. What does not: Dagster (`planner/runs`), and who may (`security/roles.py`).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from pipelines.errors import UsageError
from pipelines.landing.endpoints import Entity
from pipelines.landing.past_loads import reading_now
from pipelines.purchasing.orders import OrderState
from pipelines.storage.snapshots import NothingPublishedError
from planner.desk import Desk
from planner.frame.rendered_pages import page
from planner.frame.screen_context import DeskOf
from planner.frame.writes import PlannerWrites, refuse_below
from planner.runs.graphql import DagsterDownError
from planner.runs.run_record import Job, RunRecord, RunStage
from planner.runs.run_sentences import sent_in_words
from planner.security.roles import Role
from planner.security.sessions import now
from planner.shown.loading.run_shown import RunShown, run_shown
from planner.shown.published_view import PublishedView

router = APIRouter(prefix="/o/{key}/runs")
ENDED: Final = {"HX-Trigger": "run-ended"}
LOADS: Final = frozenset({Job.LOAD, Job.LOAD_AND_PLAN})
NEEDED: Final = {Job.SEND: Role.APPROVER}


def organisation_key(key: str, desk: DeskOf) -> str:
    """The key of a connected organisation; nothing needs to be published."""
    return desk.organisation(key).key


KeyOf = Annotated[str, Depends(organisation_key)]


@router.post("")
def start(request: Request, desk: DeskOf, key: KeyOf, writing: PlannerWrites) -> Response:
    """Start what was asked for, and show it; or show what is at work already."""
    job = job_named(writing.text("job"))
    check_role(desk.role(request.state.session, key), job)
    ticked, is_again = writing.texts("entity"), bool(writing.text("again"))
    if writing.text("chosen") and not ticked:
        raise UsageError("Tick what to load first.")
    config = config_of(job, entities=[] if is_again else ticked, refresh=ticked if is_again else [])
    try:
        run, is_new = desk.runs.start(key, job, by=writing.person, config=config)
    except DagsterDownError as down:
        return _down(request, key, down)
    is_send_waiting = not is_new and job is Job.SEND and run.job != Job.SEND
    return _part(request, desk, key, run, is_second=not is_new, is_send_waiting=is_send_waiting)


@router.get("/present")
def present(request: Request, desk: DeskOf, key: KeyOf) -> Response:
    """What is at work now, else what was last; said so if Dagster does not answer."""
    try:
        run = desk.runs.at_work(key) or desk.runs.latest(key, frozenset(Job))
    except DagsterDownError as down:
        return _down(request, key, down)
    return _part(request, desk, key, run)


@router.get("/plan-now")
def plan_now(request: Request, desk: DeskOf, key: KeyOf) -> Response:
    """The button that makes a plan, what is at work instead, or why it cannot be pressed."""
    may_plan = desk.role(request.state.session, key).may(Role.PLANNER)
    sentence = ""
    try:
        run = desk.runs.at_work(key)
    except DagsterDownError as down:
        run, sentence = None, str(down)
    if run is not None:
        return _part(request, desk, key, run)
    content = {"base": f"/o/{key}", "may_plan": may_plan, "sentence": sentence}
    return page(request, "data/plan_now.html", content)


@router.get("/{run_id}")
def one(request: Request, desk: DeskOf, key: KeyOf, run_id: str) -> Response:
    """How far a run is."""
    try:
        run = desk.runs.run(key, run_id)
    except DagsterDownError as down:
        return _down(request, key, down, again=f"/o/{key}/runs/{run_id}")
    answer = _part(request, desk, key, run)
    answer.headers.update(ENDED if run.is_over else {})
    return answer


def job_named(name: str) -> Job:
    """The job of a name.

    Raises:
        UsageError: there is none.
    """
    try:
        return Job(name)
    except ValueError:
        raise UsageError(f"There is no {name!r} to start here: {', '.join(Job)}.") from None


def check_role(role: Role, job: Job) -> None:
    """Refuse who may not start a job.

    Raises:
        HTTPException: the role may not.
    """
    refuse_below(NEEDED.get(job, Role.PLANNER), role)


def config_of(job: Job, *, entities: Sequence[str], refresh: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What a load reads: what changed in these entities, and all of those to `refresh`; the usual if none is named.

    Raises:
        UsageError: one of them cannot be loaded, or the job reads nothing.
    """
    named = {*entities, *refresh}
    if not named:
        return {}
    if job not in LOADS:
        raise UsageError("Only a load reads chosen records: leave them out.")
    if unknown := sorted(named - set(Entity)):
        raise UsageError(f"{unknown[0]!r} cannot be loaded: choose among {', '.join(Entity)}.")
    return {"load_from_xero": {"entities": list(entities), "refresh": list(refresh)}}


def published(desk: Desk, key: str) -> PublishedView | None:
    """What is published now; None before the first load."""
    try:
        return desk.views.view(key)
    except NothingPublishedError:
        return None


def shown(desk: Desk, key: str, run: RunRecord) -> RunShown:
    """A run in words, by the organisation's clock."""
    zone = desk.organisation(key).time_zone
    reading = None if run.is_over else reading_now(desk.settings.organisation_folder(key))
    view = published(desk, key)
    plan = desk.plan_books.of(view).now() if view else None
    found = run_shown(run, plan, zone=zone, dagster=desk.runs.address, at=now(), reading=reading)
    is_sent = run.job == Job.SEND and run.state is RunStage.DONE
    return replace(found, sentence=_sent(desk, view, run)) if view and is_sent else found


def _sent(desk: Desk, view: PublishedView, run: RunRecord) -> str:
    """What came of a send, by the ledger of orders."""
    orders = desk.orders(view)
    sent = sum(
        order.pushed is not None and run.asked_at <= order.pushed.at <= (run.ended_at or now()) for order in orders
    )
    return sent_in_words(sent, sum(order.state is OrderState.FAILED for order in orders))


def _part(request: Request, desk: Desk, key: str, run: RunRecord | None, **more: bool) -> Response:
    content = {"base": f"/o/{key}", "run": shown(desk, key, run) if run else None, **more}
    return page(request, "data/run.html", content)


def _down(request: Request, key: str, down: DagsterDownError, *, again: str = "") -> Response:
    """The sentence in place of the progress; the page asks again, at a slower pace."""
    content = {"base": f"/o/{key}", "sentence": str(down), "again": again or f"/o/{key}/runs/present"}
    return page(request, "data/dagster_down.html", content)
