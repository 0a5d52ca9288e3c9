"""A person sees in which browsers they are signed in, and signs out in each."""

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.settings import read_settings
from planner.security.open_sessions import OpenSessions, place_of
from planner.security.sessions import IDLE, Way, now
from tests.planner.conftest import Visitor, visitor_of

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"


@pytest.fixture
def visitor(desk_home: Path, tmp_path: Path) -> Iterator[Visitor]:
    """Somebody who is signed in where nobody else ever was."""
    home = shutil.copytree(desk_home, tmp_path / "home", ignore=shutil.ignore_patterns("open_sessions"))
    for one in visitor_of(read_settings({"STOCKTRIM_HOME": str(home)})):
        yield one.sign_in()


def test_a_session_elsewhere_is_listed_and_ended_there_alone(visitor: Visitor) -> None:
    desk = visitor.desk
    elsewhere = desk.sessions.begin("anna", at=now())
    desk.open_sessions.note(elsewhere, PHONE, at=now())
    visitor.client.headers["User-Agent"] = FIREFOX
    text = visitor.text("/sessions")
    assert "Safari on iPhone" in text
    assert text.count("this one") == 1
    (address,) = re.findall(r"/sessions/[0-9a-f]{32}/end", text)
    answer = visitor.client.post(address, headers=visitor.word)
    assert "Signed out: Safari on iPhone." in answer.text
    assert desk.access.is_ended(elsewhere)
    assert visitor.client.post(address, headers=visitor.word).status_code == 404
    assert "Safari on iPhone" not in visitor.text("/sessions")


def test_nobody_sees_or_ends_sessions_of_others(visitor: Visitor) -> None:
    desk = visitor.desk
    others = [desk.sessions.begin("ben", at=now()), desk.sessions.begin("anna", at=now(), way=Way.OPENID)]
    for session in others:
        desk.open_sessions.note(session, PHONE, at=now())
    assert "Safari on iPhone" not in visitor.text("/sessions")
    for one in (one for session in others for one in desk.open_sessions.of(session.owner, at=now())):
        assert visitor.client.post(f"/sessions/{one.place}/end", headers=visitor.word).status_code == 404
    assert not any(desk.access.is_ended(session) for session in others)


def test_a_session_that_is_over_leaves_the_list_and_the_disk(visitor: Visitor) -> None:
    desk = visitor.desk
    session = desk.sessions.begin("anna", at=now() - timedelta(days=1))
    desk.open_sessions.note(session, PHONE, at=now() - IDLE - timedelta(minutes=1))
    assert "Safari on iPhone" not in visitor.text("/sessions")
    assert not (desk.open_sessions.folder / place_of(session.session_id)).exists()


def test_a_list_that_cannot_be_kept_stops_nobody(visitor: Visitor) -> None:
    visitor.desk.open_sessions = OpenSessions(visitor.desk.log.path)
    assert visitor.client.get("/sessions").status_code == 200
