"""Loads, plans, sends and backtests for programs: starting one, its progress, the list.

What belongs here: the routes. What does not: shapes (`run_answers.py`), rules (`screens/data/runs_screen.py`).
"""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from pipelines.organisations.run_words import step_in_words
from planner.api.answer_types.run_answers import RunAnswer, RunRequest, RunsAnswer
from planner.frame.screen_context import DeskOf
from planner.frame.writes import PlannerWrites
from planner.runs.dagster_runs import MOST_LISTED
from planner.runs.run_record import Job, RunRecord
from planner.screens.data.runs_screen import KeyOf, check_role, config_of, shown

router = APIRouter(prefix="/organisations/{key}/runs")
NAMES: Final = {"send": Job.SEND}
JOBS: Final = {Job.SEND.value: "send"}


@router.post("", status_code=202, summary="Start a load, a plan, a send or a backtest")
def start(
    request: Request, response: Response, desk: DeskOf, key: KeyOf, writing: PlannerWrites, body: RunRequest
) -> RunAnswer:
    """202 and the run that was started; 200 and the one that is at work, since an organisation has one at a time."""
    job = NAMES.get(body.job) or Job(body.job)
    check_role(desk.role(request.state.session, key), job)
    config = config_of(job, entities=body.entities, refresh=body.refresh)
    run, is_new = desk.runs.start(key, job, by=writing.person, config=config)
    response.status_code = 202 if is_new else 200
    sentence = shown(desk, key, run).sentence
    return _answer(run, sentence=sentence, dagster=desk.runs.address, planned=run.steps_planned)


@router.get("", summary="The last loads, plans, sends and backtests")
def runs(
    desk: DeskOf,
    key: KeyOf,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED, description="How many at most.")] = 20,
    cursor: Annotated[str, Query(description="Where to go on: next_cursor of the answer before.", max_length=80)] = "",
) -> RunsAnswer:
    """Those of the organisation, whoever or whatever started them, the newest first."""
    found = desk.runs.runs(key, most=limit, after=cursor or None)
    answers = [_answer(run, sentence=None, dagster=desk.runs.address, planned=None) for run in found]
    return RunsAnswer(runs=answers, next_cursor=found[-1].run_id if len(found) == limit else None)


@router.get("/{run_id}", summary="How far one is")
def one(desk: DeskOf, key: KeyOf, run_id: str) -> RunAnswer:
    """Its progress; once it has ended, what came of it."""
    run = desk.runs.run(key, run_id)
    sentence = shown(desk, key, run).sentence
    return _answer(run, sentence=sentence, dagster=desk.runs.address, planned=run.steps_planned)


def _answer(run: RunRecord, *, sentence: str | None, dagster: str, planned: int | None) -> RunAnswer:
    return RunAnswer(
        run_id=run.run_id,
        job=JOBS.get(run.job, run.job),
        state=run.state.value,
        by=run.by or None,
        asked_at=run.asked_at,
        began_at=run.began_at,
        ended_at=run.ended_at,
        step=step_in_words(run.step) if run.step and not run.is_over else None,
        steps_done=sum(step.is_over for step in run.steps),
        steps_planned=planned,
        sentence=sentence,
        dagster_url=f"{dagster}/runs/{run.run_id}",
    )
