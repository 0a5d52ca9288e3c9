"""What Dagster tries again by itself: trouble that passes, and only where nobody waits for it."""

from collections.abc import Callable
from typing import NoReturn

import dagster as dg
import pytest

from pipelines.errors import DataError, PlannerError, SignInError, UnexpectedError, is_disk_full, origins
from pipelines.xero.xero_errors import DayLimitError, XeroUnreachableError
from stocktrim_assets import failures
from stocktrim_assets.failures import FROM_TERMINAL, plain_failures, tried_again
from stocktrim_cli import main

AWAY = XeroUnreachableError("Xero is away.")
USED_UP = DayLimitError("Used up until tomorrow.", retry_after_seconds=40_000)


@pytest.mark.parametrize(
    ("trouble", "is_retried", "is_tried_again"),
    [
        (AWAY, True, True),
        (AWAY, False, False),
        (USED_UP, True, False),
        (SignInError("Sign in."), True, False),
        (DataError("Wrong."), True, False),
    ],
)
def test_only_what_passes_by_itself_is_tried_again(
    trouble: PlannerError, is_retried: bool, is_tried_again: bool
) -> None:
    with pytest.raises(dg.Failure) as result, plain_failures(is_retried=is_retried):
        raise trouble
    assert result.value.allow_retries is is_tried_again
    assert result.value.description == str(trouble)


@pytest.mark.parametrize(
    ("trouble", "tags", "tries"),
    [(AWAY, {}, 3), (AWAY, {FROM_TERMINAL: "true"}, 1), (DataError("Wrong."), {}, 1), (ValueError("A bug."), {}, 1)],
)
def test_a_load_that_goes_on_failing_ends_with_its_own_sentence(
    trouble: Exception, tags: dict[str, str], tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What passes is tried again twice, at a terminal never; a fault of ours at once asks for a report."""
    monkeypatch.setattr(failures, "FIRST_PAUSE_SECONDS", 0)

    @dg.op
    def loads(context: dg.OpExecutionContext) -> None:
        with tried_again(context):
            raise trouble

    ended = run_of(loads, tags=tags)
    assert len(ended.filter_events(lambda event: event.is_step_restarted)) == tries - 1
    (failure,) = ended.get_step_failure_events()
    assert failure.step_failure_data.user_failure_data is not None
    sentence = failure.step_failure_data.user_failure_data.description
    assert sentence == (UnexpectedError(trouble) if isinstance(trouble, ValueError) else trouble).args[0]
    assert failure.step_failure_data.error is not None
    assert sentence in failure.step_failure_data.error.message


def test_what_a_person_cancels_in_a_load_is_not_tried_again() -> None:
    @dg.op
    def loads(context: dg.OpExecutionContext) -> None:
        with tried_again(context):
            raise KeyboardInterrupt

    ended = run_of(loads, tags={})
    assert not ended.success
    assert not ended.filter_events(lambda event: event.is_step_up_for_retry)


def run_of(op: dg.OpDefinition, *, tags: dict[str, str]) -> dg.ExecuteInProcessResult:
    job = dg.GraphDefinition(name="a_run", node_defs=[op]).to_job(executor_def=dg.in_process_executor)
    return job.execute_in_process(tags=tags, raise_on_error=False)


def in_a_circle(*, by: str) -> Exception:
    """Two errors, each the other's origin, as Dagster makes them of every unexpected error of a step."""
    first, second = ValueError("first"), RuntimeError("second")
    setattr(first, by, second)
    setattr(second, by, first)
    return first


GROUP = ExceptionGroup("two", [KeyError("a key"), ExceptionGroup("inner", [OSError(28, "No space left on device")])])


@pytest.mark.parametrize("by", ["__cause__", "__context__"])
def test_an_error_that_leads_back_to_itself_is_told_at_once(by: str) -> None:
    assert not is_disk_full(in_a_circle(by=by))
    assert [str(error) for error in origins(in_a_circle(by=by))] == ["first", "second"]


def test_a_full_disk_is_found_however_deep_it_lies() -> None:
    around = in_a_circle(by="__context__")
    around.__cause__ = GROUP
    assert is_disk_full(around)
    assert not is_disk_full(GROUP.exceptions[0])


def raising(trouble: Exception) -> Callable[..., NoReturn]:
    def fail(*_: object, **__: object) -> NoReturn:
        raise trouble

    return fail


def of_a_step() -> Exception:
    """What a job of Dagster's raises for a step with a fault."""

    @dg.op
    def faulty() -> None:
        raise ValueError("what")

    job = dg.GraphDefinition(name="a_run", node_defs=[faulty]).to_job(executor_def=dg.in_process_executor)
    with pytest.raises(ValueError, match="what") as result:
        job.execute_in_process()
    return result.value


@pytest.mark.parametrize("make", [of_a_step, lambda: in_a_circle(by="__cause__"), lambda: GROUP.exceptions[0]])
def test_an_unexpected_error_of_a_step_ends_the_command_at_once_and_asks_for_a_report(
    make: Callable[[], Exception], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trouble = make()
    capsys.readouterr()
    monkeypatch.setattr(main, "app", raising(trouble))
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 1
    said = " ".join(capsys.readouterr().err.split())
    assert said.startswith(f"Stopped: Something unexpected failed: {type(trouble).__name__}: {trouble}")
    assert said.endswith("Run the same with `stocktrim --debug …` and report what it prints.")
