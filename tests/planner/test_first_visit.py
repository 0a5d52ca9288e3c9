"""The first visit, with nothing connected: the demo organisation by a button, or one's own."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.settings import read_settings
from planner.beginning.demo_start import DemoStart
from planner.desk import Desk
from planner.security.roles import Role
from tests.planner.conftest import KEY, Visitor, visitor_of

PATIENCE_SECONDS = 300.0


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Visitor]:
    for visitor in visitor_of(read_settings({"STOCKTRIM_HOME": str(tmp_path)})):
        yield visitor.sign_in()


def ended(visitor: Visitor) -> str:
    """The part of the page once the demo is no longer at work, or where it leads to."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer = visitor.client.get("/demo")
        if answer.status_code == 204:
            return answer.headers["HX-Redirect"]
        if "every 1s" not in answer.text:
            return answer.text
        time.sleep(0.2)
    pytest.fail(f"still {answer.text}")


def test_both_ways_say_what_they_take_read_and_write(newcomer: Visitor) -> None:
    text = newcomer.text("/")
    for words in ("Try the demo organisation", "Takes about a minute.", "Reads nothing of yours", 'href="/connect"'):
        assert words in text
    assert "Writes only purchase orders that somebody approves here." in text
    assert "stocktrim " not in text


def test_a_demo_that_fails_says_why_and_can_be_begun_again(newcomer: Visitor) -> None:
    newcomer.desk.demo = DemoStart(newcomer.desk.settings, "http://127.0.0.1:1")
    begun = newcomer.client.post("/demo", headers=newcomer.word)
    assert "Making the demo organisation" in begun.text
    assert "Making the demo organisation" in newcomer.text("/")
    text = ended(newcomer)
    assert "It did not work." in text
    assert "cannot be reached" in text
    assert "Try the demo organisation" in text


def test_a_demo_that_is_ended_at_any_moment_leaves_no_sandbox_behind(newcomer: Visitor) -> None:
    demo = newcomer.desk.demo
    demo.start()
    assert demo._process is not None
    group = demo._process.pid
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(processes_of(group)) < 2:  # the command, and the sandbox that it starts
        assert time.monotonic() < deadline
        assert demo._process.poll() is None
        time.sleep(0.01)
    demo.stop()
    assert processes_of(group) == []


def processes_of(group: int) -> list[int]:
    """Those of a process group that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, its_group = stat.read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == group and state != "Z":
                found.append(int(stat.parent.name))
    return found


@pytest.mark.soak
def test_the_button_makes_the_demo_organisation_and_leads_to_its_plan(newcomer: Visitor) -> None:
    """Its Xero answers for as long as the desk lives."""
    newcomer.client.post("/demo", headers=newcomer.word)
    assert ended(newcomer) == "/o/demo/"
    assert "to order for" in newcomer.text("/o/demo/")
    process = newcomer.desk.demo._process
    assert process is not None
    assert process.poll() is None
    newcomer.desk.demo.stop()
    assert process.poll() is not None


def test_who_may_not_connect_cannot_begin_the_demo(newcomer: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Desk, "role", lambda *_: Role.VIEWER)
    assert newcomer.client.post("/demo", headers=newcomer.word).status_code == 403
    assert newcomer.desk.demo.progress is None


def test_with_an_organisation_the_start_is_its_dashboard(desk_home: Path) -> None:
    for visitor in visitor_of(read_settings({"STOCKTRIM_HOME": str(desk_home)})):
        visitor.sign_in()
        assert visitor.client.get("/", follow_redirects=False).headers["Location"] == f"/o/{KEY}/"
