"""Signing in: by a token that is good once, kept nowhere, and never a way to lock somebody out."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.secret import Secret
from planner.security.guard import SIGN_IN, local_path
from planner.security.sessions import IDLE, LONGEST, Session, Sessions, now, open_sessions
from planner.security.sign_in import MOST_FAILURES, OneTimeToken
from tests.planner.conftest import Visitor


@pytest.fixture
def sessions(tmp_path: Path) -> Sessions:
    return open_sessions(tmp_path)


def log_of(visitor: Visitor) -> list[dict[str, str]]:
    return [json.loads(line) for line in visitor.desk.log.path.read_text().splitlines()]


def test_the_printed_address_opens_one_session(stranger: Visitor) -> None:
    token = stranger.tokens[-1]
    stranger.sign_in()
    assert stranger.client.get("/").url.path == "/o/acme/"
    again = stranger.client.post(SIGN_IN, content=f"token={token.reveal()}")
    assert again.status_code == 401
    assert "has been used" in again.text
    assert len(stranger.tokens) == 2  # the next was announced


def test_the_whole_address_may_be_pasted(stranger: Visitor) -> None:
    pasted = f"http://127.0.0.1:8500/sign-in%23{stranger.tokens[-1].reveal()}"
    answer = stranger.client.post(SIGN_IN, content=f"token={pasted}", follow_redirects=False)
    assert answer.status_code == 303


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger: Visitor) -> None:
    answer = stranger.client.post(SIGN_IN, content=f"token={stranger.tokens[-1].reveal()}", follow_redirects=False)
    assert answer.headers["set-cookie"].endswith("; Path=/; HttpOnly; SameSite=Strict")


def test_many_wrong_tokens_are_refused_and_the_right_one_still_opens(stranger: Visitor) -> None:
    answers = [stranger.client.post(SIGN_IN, content="token=guess") for _ in range(MOST_FAILURES + 2)]
    assert [answer.status_code for answer in answers] == [401] * MOST_FAILURES + [429] * 2
    assert answers[-1].headers["retry-after"] == "60"
    stranger.sign_in()
    events = [line["event"] for line in log_of(stranger)]
    assert events[-1] == "signed_in"
    assert events.count("sign_in_refused") >= MOST_FAILURES + 2


def test_no_secret_stands_in_the_log(stranger: Visitor) -> None:
    token = stranger.tokens[-1].reveal()
    stranger.client.post(SIGN_IN, content="token=canary-1")
    stranger.sign_in()
    text = stranger.desk.log.path.read_text()
    assert token not in text
    assert "canary-1" not in text
    assert stranger.client.cookies[stranger.desk.cookie] not in text


def test_only_the_owner_can_read_the_key_and_the_log(visitor: Visitor) -> None:
    folder = visitor.desk.settings.planner_folder
    assert "this one" in visitor.text("/sessions")
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == {
        "session.key": "0o600", "security.log": "0o600", "open_sessions": "0o700",
    }  # fmt: skip


def test_a_restart_keeps_sessions(tmp_path: Path) -> None:
    at = now()
    first = open_sessions(tmp_path)
    session = first.begin("anna", at=at)
    assert open_sessions(tmp_path).opened(first.sealed(session), at=at) == session


def test_a_session_ends_when_idle_and_in_any_case(sessions: Sessions) -> None:
    at = now()
    session = sessions.begin("anna", at=at)
    assert sessions.opened(sessions.sealed(session), at=at + IDLE) == session
    assert sessions.opened(sessions.sealed(session), at=at + IDLE + timedelta(seconds=1)) is None
    busy = sessions.renewed(session, at=at + LONGEST)
    assert sessions.opened(sessions.sealed(busy), at=at + LONGEST + timedelta(seconds=1)) is None


def test_a_session_from_a_clock_that_was_ahead_opens_nothing(sessions: Sessions) -> None:
    session = sessions.begin("anna", at=now() + timedelta(days=400))
    assert sessions.opened(sessions.sealed(session), at=now()) is None


def test_a_changed_cookie_opens_nothing(sessions: Sessions) -> None:
    text = sessions.sealed(sessions.begin("anna", at=now()))
    for forged in (text[:-4] + "AAAA", "", "ü", "a" * 5_000, text[::-1]):
        assert sessions.opened(forged, at=now()) is None


def test_signing_out_ends_the_session_also_for_a_copy_of_its_cookie(visitor: Visitor) -> None:
    copy = visitor.client.cookies[visitor.desk.cookie]
    assert visitor.client.post("/sign-out", headers=visitor.word).status_code == 204
    visitor.client.cookies.set(visitor.desk.cookie, copy)
    assert visitor.client.get("/o/acme/", follow_redirects=False).status_code == 303


def test_a_session_seen_some_minutes_ago_is_renewed(visitor: Visitor) -> None:
    sessions, cookie = visitor.desk.sessions, visitor.desk.cookie
    old = sessions.renewed(_session(visitor), at=now() - timedelta(minutes=9))
    visitor.client.cookies.clear()
    visitor.client.cookies.set(cookie, sessions.sealed(old))
    answer = visitor.client.get("/o/acme/")
    assert answer.headers["set-cookie"].startswith(cookie)


def test_after_signing_in_one_is_where_one_wanted_to_go(stranger: Visitor) -> None:
    page = stranger.client.get("/o/acme/plan?report=overstocked")
    assert page.url.path == SIGN_IN
    assert 'value="/o/acme/plan?report=overstocked"' in page.text


@pytest.mark.parametrize("evil", ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\nb"])
def test_no_address_leads_elsewhere_after_signing_in(evil: str) -> None:
    assert local_path(evil) == "/"


def test_an_earlier_token_is_worth_nothing() -> None:
    announced: list[Secret] = []
    token = OneTimeToken(announced.append)
    assert not token.spend("")
    token.issue()
    token.issue()
    assert not token.spend(announced[0].reveal())
    assert token.spend(announced[1].reveal())


def _session(visitor: Visitor) -> Session:
    found = visitor.desk.sessions.opened(visitor.client.cookies[visitor.desk.cookie], at=now())
    assert found is not None
    return found
