"""How a load shows that it gets on: bars on a terminal, lines in a pipe."""

import io
import logging
import re
import sys
import time

import pytest
from rich.console import Console

from pipelines.organisations.run_words import STEPS
from stocktrim_assets.dbt.building import move_bar
from stocktrim_assets.definitions import defs
from stocktrim_assets.jobs import JOBS
from stocktrim_cli import heartbeat, output
from stocktrim_cli.runs import WithoutDumps


@pytest.mark.parametrize("is_terminal", [True, False])
def test_pages_of_pages_are_bars_on_a_terminal_and_lines_elsewhere(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    written = io.StringIO()
    monkeypatch.setattr(output, "err", Console(file=written, force_terminal=is_terminal, width=100, highlight=False))
    handler = output._Lines()
    for page in (1, 2, 3):
        record = logging.LogRecord("pipelines", logging.INFO, "", 0, f"Invoices: page {page} of 3.", None, None)
        record.progress = ("Invoices", "page", page, 3)
        handler.emit(record)
    handler.emit(logging.LogRecord("pipelines", logging.INFO, "", 0, "Waiting 20 s.", None, None))
    handler.close()
    assert "Waiting 20 s." in written.getvalue()
    assert ("Invoices: page 2 of 3." in written.getvalue()) is not is_terminal
    assert "Invoices" in written.getvalue()


@pytest.mark.parametrize("is_terminal", [True, False])
def test_each_step_of_a_run_is_announced_and_is_a_bar_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    written = io.StringIO()
    monkeypatch.setattr(output, "err", Console(file=written, force_terminal=is_terminal, width=100, highlight=False))
    handler = output._Lines()
    for number, sentence in enumerate(["Forecasting demand", "Publishing"], start=1):
        record = logging.LogRecord("pipelines", logging.INFO, "", 0, f"{sentence}.", None, None)
        record.step = (sentence, number, 2)
        handler.emit(record)
    handler.close()
    assert "  Forecasting demand." in written.getvalue()
    assert ("step 2 of 2" in written.getvalue()) is is_terminal


def test_every_step_of_a_job_has_a_sentence() -> None:
    for job in JOBS:
        steps = {node.name for node in defs.resolve_job_def(job.name).graph.node_defs}
        assert steps <= STEPS.keys()


def test_dagsters_messages_about_its_own_log_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full disk the one sentence of the step says it."""
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", WithoutDumps(written))
    sys.stderr.write("Exception while writing logger call to event log: (sqlite3.OperationalError) disk I/O error\n")
    output.say("Waiting 20 s.")
    assert written.getvalue() == "Waiting 20 s.\n"


def test_a_silent_command_prints_dots_which_a_sentence_ends_and_a_result_is_free_of(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(heartbeat, "SILENCE_SECONDS", 0.05)
    monkeypatch.setattr(heartbeat, "_LOOK_SECONDS", 0.01)
    output.heartbeat.start()
    time.sleep(0.3)
    output.say("Found it.")
    time.sleep(0.3)
    output.show_json({"found": 1})
    output.heartbeat.stop()
    printed = capsys.readouterr()
    assert re.fullmatch(r"  \.\.+\nFound it\.\n  \.\.+\n", printed.err)
    assert printed.out == '{\n  "found": 1\n}\n'


def test_no_dots_are_printed_beside_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr(output, "err", Console(file=written, force_terminal=True, width=100, highlight=False))
    handler = output._Lines()
    record = logging.LogRecord("pipelines", logging.INFO, "", 0, "Publishing.", None, None)
    record.step = ("Publishing", 1, 2)
    handler.emit(record)
    assert output.heartbeat.is_muted
    handler.close()
    assert not output.heartbeat.is_muted


def test_what_dbt_builds_is_a_bar_on_a_terminal_and_silent_elsewhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """dbt counts models in `total`, tests in `num_models`; what only begins is not ready."""
    events = (
        {"index": 1, "total": 30, "description": "table model"},
        {"index": 1, "total": 30, "execution_time": 0.1},
        {"index": 2, "num_models": 30, "execution_time": 0.1},
    )
    for is_terminal in (True, False):
        written = io.StringIO()
        console = Console(file=written, force_terminal=is_terminal, width=100, highlight=False)
        monkeypatch.setattr(output, "err", console)
        monkeypatch.setattr(logging.getLogger("pipelines"), "handlers", [])
        monkeypatch.setattr(logging.getLogger("pipelines.bars"), "handlers", [])
        handler = output.show_progress()
        for event in events:
            move_bar(event)
        handler.close()
        assert ("table or test 2 of 30" in written.getvalue()) is is_terminal
        assert is_terminal or written.getvalue() + capsys.readouterr().err == ""
