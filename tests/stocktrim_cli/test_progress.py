"""How a load shows that it gets on: bars on a terminal, lines in a pipe."""

import io
import logging
import sys

import pytest
from rich.console import Console

from stocktrim_assets.announced_steps import STEPS
from stocktrim_assets.definitions import defs
from stocktrim_assets.jobs import JOBS
from stocktrim_cli import output
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
        record.progress = ("Invoices", page, 3)
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
