"""Who may do what: roles of a team, tokens of programs, and nobody learns of an organisation that is not theirs."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from benchmarks.made_up_plans import connect_made_up
from pipelines.errors import UsageError
from pipelines.settings import Settings, read_settings
from pipelines.store.desk_access.desk_roles import EVERY_ORGANISATION
from planner.desk import Desk
from planner.desk_app import create_app
from planner.security.access import ENDS_KEPT_SECONDS, DeskAccess
from planner.security.guard import TOO_MANY, WRONG_TOKEN
from planner.security.roles import Role
from planner.security.sessions import LONGEST, Session, Way, now
from planner.security.sign_in import MOST_FAILURES
from tests.planner.conftest import ADDRESS, KEY, OTHER, Visitor, visitor_of
from tests.planner.routes import every_route, filled

V1 = "/api/v1"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home with two organisations of which nothing is published; it may be changed."""
    found = read_settings({"STOCKTRIM_HOME": str(tmp_path)})
    for key in (KEY, OTHER):
        connect_made_up(found, key, key.title())
    return found


@pytest.fixture
def team(settings: Settings) -> Iterator[Visitor]:
    """Anna, who signed in as one of a team."""
    for visitor in visitor_of(settings):
        session = visitor.desk.sessions.begin("anna@example.com", at=now(), way=Way.OPENID)
        visitor.client.cookies.set(visitor.desk.cookie, visitor.desk.sessions.sealed(session))
        yield visitor


def give(desk: Desk, key: str, role: Role, person: str = "Anna@Example.com") -> None:
    desk.access.give(person, key, role, by="the owner", at=now())


def session_of(visitor: Visitor) -> Session:
    found = visitor.desk.sessions.opened(visitor.client.cookies[visitor.desk.cookie], at=now())
    assert found is not None
    return found


def program(desk: Desk, *keys: str, role: Role = Role.VIEWER, name: str = "the shop") -> tuple[TestClient, str, str]:
    """A program with a token for some organisations; the token's id, and the token."""
    token, text = desk.access.make_token(name, role, keys, days=30, by="the owner", at=now())
    client = TestClient(create_app(desk), base_url=ADDRESS, raise_server_exceptions=False)
    client.headers["Authorization"] = f"Bearer {text.reveal()}"
    return client, token.token_id, text.reveal()


def test_every_route_of_an_organisation_hides_it_from_who_has_no_role_in_it(team: Visitor) -> None:
    give(team.desk, KEY, Role.ADMINISTRATOR)
    client, _, _ = program(team.desk, KEY, role=Role.ADMINISTRATOR)
    routes = [(method, path) for method, path in every_route(create_app(team.desk)) if "{key}" in path]
    assert len(routes) > 8
    for method, path in routes:
        assert path.startswith(("/o/{key}/", f"{V1}/organisations/{{key}}/"))  # what the desk looks for
        askers = [(team.client, team.word)] + ([(client, {})] if path.startswith(V1) else [])
        for asker, headers in askers:
            seen, missing = (asker.request(method, filled(path, key), headers=headers) for key in (OTHER, "nobody"))
            assert (seen.status_code, seen.text) == (404, missing.text), (method, path)
            assert "no such organisation" in seen.text


def test_lists_name_only_organisations_that_one_has_a_role_in(team: Visitor) -> None:
    assert "no role in any organisation" in team.text("/", 403)
    give(team.desk, OTHER, Role.VIEWER)
    assert team.client.get("/", follow_redirects=False).headers["location"] == f"/o/{OTHER}/"
    assert [one["key"] for one in team.client.get(f"{V1}/organisations").json()] == [OTHER]
    give(team.desk, EVERY_ORGANISATION, Role.VIEWER)
    assert [one["key"] for one in team.client.get(f"{V1}/organisations").json()] == [KEY, OTHER]


def test_a_role_holds_in_its_organisation_and_the_strongest_counts(team: Visitor) -> None:
    session, access = session_of(team), team.desk.access
    assert access.role(session, KEY) is None
    give(team.desk, EVERY_ORGANISATION, Role.VIEWER)
    give(team.desk, KEY, Role.APPROVER)
    assert [access.role(session, key) for key in (KEY, OTHER, "")] == [Role.APPROVER, Role.VIEWER, Role.VIEWER]
    access.take("anna@example.com", KEY, by="the owner", at=now())
    assert access.role(session, KEY) is Role.VIEWER
    with pytest.raises(UsageError, match="no role there"):
        access.take("anna@example.com", KEY, by="the owner", at=now())


def test_a_name_is_worth_nothing_without_the_way_it_was_proved(team: Visitor) -> None:
    """The person of the printed address may do everything; a token or an account of the same name may not."""
    local = team.desk.sessions.begin("anna", at=now())
    same_name = team.desk.sessions.begin("anna", at=now(), way=Way.OPENID)
    assert team.desk.access.role(local, KEY) is Role.ADMINISTRATOR
    assert team.desk.access.role(same_name, KEY) is None
    client, _, _ = program(team.desk, OTHER, name="anna")
    assert client.get(f"{V1}/organisations/{KEY}/plan").status_code == 404


def test_another_process_learns_of_a_changed_role(team: Visitor, settings: Settings) -> None:
    for other in visitor_of(settings):
        give(other.desk, KEY, Role.PLANNER)
    assert team.desk.role(session_of(team), KEY) is Role.PLANNER


def test_a_token_reads_with_no_cookie_and_only_below_the_api(team: Visitor) -> None:
    client, _, _ = program(team.desk, KEY)
    assert [one["key"] for one in client.get(f"{V1}/organisations").json()] == [KEY]
    assert client.get(f"/o/{KEY}/", follow_redirects=False).status_code == 303
    assert client.post("/preferences", content="desk_theme=dark").status_code in {401, 403}
    assert "set-cookie" not in client.get(f"{V1}/organisations").headers


def test_a_token_of_all_organisations_reaches_the_next_one_too(team: Visitor) -> None:
    client, _, _ = program(team.desk, EVERY_ORGANISATION)
    connect_made_up(team.desk.settings, "gamma", "Gamma")
    team.desk.forget()
    assert [one["key"] for one in client.get(f"{V1}/organisations").json()] == [KEY, OTHER, "gamma"]


def test_a_revoked_token_opens_nothing_in_any_process(team: Visitor, settings: Settings) -> None:
    client, token_id, _ = program(team.desk, KEY)
    for other in visitor_of(settings):
        other.desk.access.revoke(token_id, by="ben", at=now())
        with pytest.raises(UsageError, match="revoked by ben already"):
            other.desk.access.revoke(token_id, by="ben", at=now())
    answer = client.get(f"{V1}/organisations")
    assert (answer.status_code, answer.json()["detail"]) == (401, WRONG_TOKEN)
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_expires(team: Visitor) -> None:
    token, text = team.desk.access.make_token("x", Role.VIEWER, [KEY], days=1, by="ben", at=now() - timedelta(days=1))
    assert token.state(now()) == "expired"
    answer = team.client.get(f"{V1}/organisations", headers={"Authorization": f"Bearer {text.reveal()}"})
    assert answer.status_code == 401  # the cookie that came too counts for nothing


def test_the_use_of_a_token_is_noted(team: Visitor) -> None:
    client, _, _ = program(team.desk, KEY)
    assert team.desk.access.tokens()[0].last_used_at is None
    client.get(f"{V1}/organisations")
    used = team.desk.access.tokens()[0].last_used_at
    assert used is not None
    assert now() - used < timedelta(minutes=1)


def test_wrong_tokens_are_slowed_and_lock_nobody_out(team: Visitor) -> None:
    client, _, text = program(team.desk, KEY)
    wrong = {"Authorization": "Bearer stk_guess"}
    answers = [client.get(f"{V1}/organisations", headers=wrong) for _ in range(MOST_FAILURES + 5)]
    assert [answer.status_code for answer in answers] == [401] * MOST_FAILURES + [429] * 5
    assert (answers[-1].json()["detail"], answers[-1].headers["retry-after"]) == (TOO_MANY, "60")
    assert client.get(f"{V1}/organisations", headers={"Authorization": f"Bearer {text}"}).status_code == 200
    assert team.desk.log.path.read_text().count("token_refused") == MOST_FAILURES


@pytest.mark.parametrize("text", ["", "stk_", "stk_" + "x" * 10_000, "stk_ü", "Basic abc", "null"])
def test_what_is_no_token_is_refused(stranger: Visitor, text: str) -> None:
    answer = stranger.client.get(f"{V1}/organisations", headers=[(b"Authorization", f"Bearer {text}".encode())])
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("name", "days", "keys", "why"),
    [("", 1, [KEY], "1 to 80"), ("x\ny\x00", 1, [KEY], "1 to 80"), ("x", 0, [KEY], "1 to 366"),
     ("x", 367, [KEY], "1 to 366"), ("x", 1, [], "at least one")],
)  # fmt: skip
def test_a_token_has_a_name_an_end_and_an_organisation(
    team: Visitor, name: str, days: int, keys: list[str], why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        team.desk.access.make_token(name, Role.VIEWER, keys, days=days, by="ben", at=now())


def test_neither_store_nor_log_holds_a_token(team: Visitor) -> None:
    client, token_id, text = program(team.desk, KEY)
    client.get(f"{V1}/organisations")
    client.get(f"{V1}/organisations/nobody/plan", headers={"Authorization": f"Bearer {text}x"})
    team.desk.access.revoke(token_id, by="ben", at=now())
    client.get(f"{V1}/organisations")
    give(team.desk, KEY, Role.PLANNER)
    for file in [path for path in team.desk.settings.home.rglob("*") if path.is_file()]:
        assert text.removeprefix("stk_").encode() not in file.read_bytes(), file
    events = [json.loads(line) for line in team.desk.log.path.read_text().splitlines()]
    assert [one["event"] for one in events if one["event"] != "write_refused"] == [
        "token_made", "token_refused", "token_revoked", "token_refused", "role_given",
    ]  # fmt: skip
    assert [one.get("why") for one in events if one["event"] == "token_refused"] == ["unknown", "revoked"]


def test_an_organisation_that_is_erased_leaves_no_role_and_no_token_for_its_key(team: Visitor) -> None:
    from pipelines.store.connected_organisations import forget_organisation  # noqa: PLC0415, only here

    give(team.desk, KEY, Role.ADMINISTRATOR)
    program(team.desk, KEY)
    forget_organisation(team.desk.store, KEY)
    afresh = DeskAccess(lambda: team.desk.store, team.desk.log)
    assert afresh.role(session_of(team), KEY) is None
    assert list(afresh.tokens()[0].organisations) == []


def test_an_ended_session_stays_ended_for_other_processes_and_over_a_restart(
    visitor_at: Visitor, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ENDS_KEPT_SECONDS <= 1
    monkeypatch.setattr("planner.security.access.ENDS_KEPT_SECONDS", 0.0)
    copy = visitor_at.client.cookies[visitor_at.desk.cookie]
    for other in visitor_of(settings):
        other.client.cookies.set(other.desk.cookie, copy)
        assert other.client.get(f"{V1}/organisations").status_code == 200
        assert visitor_at.client.post("/sign-out", headers=visitor_at.word).status_code == 204
        assert other.client.get(f"{V1}/organisations").status_code == 401
    for restarted in visitor_of(settings):
        restarted.client.cookies.set(restarted.desk.cookie, copy)
        assert restarted.client.get(f"{V1}/organisations").status_code == 401


def test_signing_out_everywhere_ends_all_sessions_of_the_person_and_no_others(visitor_at: Visitor) -> None:
    desk = visitor_at.desk
    mine, other_way = desk.sessions.begin("anna", at=now()), desk.sessions.begin("anna", at=now(), way=Way.OPENID)
    assert visitor_at.client.post("/sign-out-everywhere", headers=visitor_at.word).status_code == 204
    assert desk.access.is_ended(mine)
    assert not desk.access.is_ended(other_way)
    assert not desk.access.is_ended(desk.sessions.begin("anna", at=now() + timedelta(milliseconds=1)))
    visitor_at.sign_in()
    assert visitor_at.client.get(f"{V1}/organisations").status_code == 200


def test_ended_sessions_are_forgotten_when_none_can_be_as_old(visitor_at: Visitor) -> None:
    access, at = visitor_at.desk.access, now()
    old = visitor_at.desk.sessions.begin("anna", at=at)
    access.end(old, at=at)
    access.end(visitor_at.desk.sessions.begin("ben", at=at), at=at + LONGEST)
    assert access.is_ended(old)
    access.end(visitor_at.desk.sessions.begin("ben", at=at), at=at + LONGEST + timedelta(days=2))
    assert not access.is_ended(old)


@pytest.fixture
def visitor_at(settings: Settings) -> Iterator[Visitor]:
    """The person of the printed address, in a home that may be changed."""
    for visitor in visitor_of(settings):
        yield visitor.sign_in()
