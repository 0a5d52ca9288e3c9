"""A team signs in by OpenID Connect or through a proxy, and nobody else does: every lie of a provider is refused."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from starlette.testclient import TestClient

from benchmarks.made_up_plans import connect_made_up
from pipelines.settings import SettingsError, read_settings
from pipelines.store.desk_access.desk_roles import EVERY_ORGANISATION
from planner.desk_app import create_app
from planner.security.roles import Role
from planner.security.sessions import now
from planner.security.team_sign_in import ATTEMPT_LASTS, CALLBACK, TeamSignInError
from tests.planner.conftest import KEY, Visitor, visitor_of
from tests.planner.openid_provider import CLIENT_ID, CLIENT_SECRET, OTHER_KEY, Provider, served_provider

ORGANISATIONS = "/api/v1/organisations"


@pytest.fixture(scope="module")
def one_provider() -> Iterator[Provider]:
    with served_provider() as provider:
        yield provider


@pytest.fixture
def provider(one_provider: Provider) -> Provider:
    fresh = Provider()
    one_provider.claims, one_provider.sign, one_provider.codes = fresh.claims, fresh.sign, {}
    return one_provider


def environment(home: Path, issuer: str, **more: str) -> dict[str, str]:
    return {
        "STOCKTRIM_HOME": str(home), "STOCKTRIM_DESK_URL": "http://127.0.0.1:8500", "STOCKTRIM_OPENID_ISSUER": issuer,
        "STOCKTRIM_OPENID_CLIENT_ID": CLIENT_ID, "STOCKTRIM_OPENID_CLIENT_SECRET": CLIENT_SECRET, **more,
    }  # fmt: skip


@pytest.fixture
def desk(provider: Provider, tmp_path: Path) -> Iterator[Visitor]:
    """Somebody who is not signed in, at a desk that is set up for a team."""
    settings = read_settings(environment(tmp_path, provider.issuer))
    connect_made_up(settings, KEY, "Acme")
    yield from visitor_of(settings)


def begun(visitor: Visitor, wanted: str = "/") -> str:
    answer = visitor.client.get("/sign-in/team", params={"next": wanted}, follow_redirects=False)
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    return answer.headers["location"]


def back(visitor: Visitor, code: str, state: str) -> Any:
    return visitor.client.get(CALLBACK, params={"code": code, "state": state}, follow_redirects=False)


def why_refused(visitor: Visitor) -> str:
    last = json.loads(visitor.desk.log.path.read_text().splitlines()[-1])
    assert last["event"] == "sign_in_refused"
    return str(last["why"])


def test_a_person_of_the_team_signs_in_and_has_the_role_of_the_store(desk: Visitor, provider: Provider) -> None:
    desk.desk.access.give("anna@example.com", KEY, Role.PLANNER, by="the owner", at=now())
    assert "team&#39;s account" in desk.text("/sign-in") or "team's account" in desk.text("/sign-in")
    answer = back(desk, *provider.sign_in(begun(desk, f"/o/{KEY}/plan")))
    assert (answer.status_code, "anna@example.com" in answer.text) == (200, True)
    assert f'url=/o/{KEY}/plan"' in answer.text
    assert [one["key"] for one in desk.client.get(ORGANISATIONS).json()] == [KEY]
    session = desk.desk.sessions.opened(desk.client.cookies[desk.desk.cookie], at=now())
    assert session is not None
    assert desk.desk.role(session, KEY) is Role.PLANNER
    assert CLIENT_SECRET not in desk.desk.log.path.read_text()


def test_without_a_role_one_is_signed_in_and_told_whom_to_ask(desk: Visitor, provider: Provider) -> None:
    back(desk, *provider.sign_in(begun(desk)))
    assert "ask an administrator" in desk.text("/", 403)


def test_who_has_no_verified_e_mail_is_the_provider_s_id(desk: Visitor, provider: Provider) -> None:
    provider.claims |= {"email_verified": False}
    assert "u-1" in back(desk, *provider.sign_in(begun(desk))).text
    provider.claims |= {"sub": "ben@example.com"}
    assert back(desk, *provider.sign_in(begun(desk))).status_code == 401
    assert why_refused(desk) == "no verified e-mail"


def unsigned(claims: dict[str, Any]) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


def by_secret(claims: dict[str, Any]) -> str:
    from joserfc.jwk import OctKey  # noqa: PLC0415, only here

    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET * 4), algorithms=["HS256"])


@pytest.mark.parametrize(
    "lie",
    [
        {"nonce": "another"}, {"nonce": None}, {"aud": "another"}, {"aud": [CLIENT_ID, "another"]}, {"aud": None},
        {"iss": "https://evil.example"}, {"iss": None}, {"exp": int(time.time()) - 3_600}, {"exp": None},
        {"iat": int(time.time()) + 3_600}, {"azp": "another"}, {"sub": None},
    ],
)  # fmt: skip
def test_a_token_that_is_not_for_this_sign_in_is_refused(
    desk: Visitor, provider: Provider, lie: dict[str, Any]
) -> None:
    provider.claims |= lie
    refused_sign_in(desk, provider)


@pytest.mark.parametrize(
    "sign",
    [
        unsigned, by_secret, lambda _: "", lambda _: "a.b.c", lambda claims: unsigned(claims).replace("none", "None"),
        lambda claims: jwt.encode({"alg": "RS256", "kid": "k-1"}, claims, OTHER_KEY),
    ],
)  # fmt: skip
def test_a_token_that_the_provider_did_not_sign_is_refused(
    desk: Visitor, provider: Provider, sign: Callable[[dict[str, Any]], str]
) -> None:
    provider.sign = sign
    refused_sign_in(desk, provider)


def refused_sign_in(desk: Visitor, provider: Provider) -> None:
    answer = back(desk, *provider.sign_in(begun(desk)))
    assert (answer.status_code, "begin again" in answer.text) == (401, True)
    assert why_refused(desk).startswith("untrusted")
    assert desk.client.get(ORGANISATIONS).status_code == 401


def test_a_state_is_good_once_in_its_own_browser_and_not_for_long(desk: Visitor, provider: Provider) -> None:
    code, state = provider.sign_in(begun(desk))
    cookie = desk.client.cookies[f"{desk.desk.cookie}_attempt"]
    assert back(desk, code, "another").status_code == 401
    assert why_refused(desk) == "wrong state"
    stranger = TestClient(create_app(desk.desk), base_url="http://127.0.0.1")
    assert stranger.get(CALLBACK, params={"code": code, "state": state}).status_code == 401
    assert why_refused(desk) == "no attempt"
    assert back(desk, code, state).status_code == 200
    desk.client.cookies.clear()
    desk.client.cookies.set(f"{desk.desk.cookie}_attempt", cookie)
    assert back(desk, code, state).status_code == 401
    assert why_refused(desk) == "used before"
    assert desk.desk.team is not None
    with pytest.raises(TeamSignInError):
        desk.desk.team.attempt(cookie, state, at=now() + ATTEMPT_LASTS + timedelta(seconds=1))


def test_a_code_that_the_provider_refuses_opens_nothing(desk: Visitor, provider: Provider) -> None:
    _, state = provider.sign_in(begun(desk))
    assert back(desk, "guess", state).status_code == 401
    assert why_refused(desk) == "refused: invalid_grant"


def test_a_provider_that_does_not_answer_is_said(tmp_path: Path) -> None:
    settings = read_settings(environment(tmp_path, "http://127.0.0.1:1"))
    for visitor in visitor_of(settings):
        answer = visitor.client.get("/sign-in/team", follow_redirects=False)
        assert (answer.status_code, "does not answer" in answer.text) == (401, True)


def test_without_a_provider_there_is_no_such_sign_in(stranger: Visitor) -> None:
    assert stranger.client.get("/sign-in/team").status_code == 404
    assert "team" not in stranger.text("/sign-in")


def test_settings_of_a_team_are_whole_and_safe(tmp_path: Path) -> None:
    whole = environment(tmp_path, "https://id.example.com")
    for name in list(whole)[1:]:
        with pytest.raises(SettingsError, match="give all of"):
            read_settings({key: value for key, value in whole.items() if key != name})
    with pytest.raises(SettingsError, match="https"):
        read_settings(whole | {"STOCKTRIM_OPENID_ISSUER": "http://id.example.com"})
    assert CLIENT_SECRET not in repr(read_settings(whole))
    for wrong in ({"STOCKTRIM_PROXY_ADDRESS": "proxy"}, {"STOCKTRIM_PROXY_HEADER": "X-User"}):
        with pytest.raises(SettingsError):
            read_settings({"STOCKTRIM_HOME": str(tmp_path)} | wrong)


NAMED = {"X-Remote-User": "Ben@Example.com"}


def behind_proxy(tmp_path: Path, client: str) -> Iterator[TestClient]:
    given = {"STOCKTRIM_PROXY_ADDRESS": "10.0.0.7", "STOCKTRIM_PROXY_HEADER": "X-Remote-User"}
    settings = read_settings({"STOCKTRIM_HOME": str(tmp_path)} | given)
    connect_made_up(settings, KEY, "Acme")
    for visitor in visitor_of(settings):
        visitor.desk.access.give("ben@example.com", EVERY_ORGANISATION, Role.VIEWER, by="anna", at=now())
        yield TestClient(create_app(visitor.desk), base_url="http://127.0.0.1", client=(client, 5))


def test_the_trusted_proxy_names_a_person_for_each_request(tmp_path: Path) -> None:
    for browser in behind_proxy(tmp_path, "10.0.0.7"):
        assert browser.get(ORGANISATIONS).status_code == 401
        assert [one["key"] for one in browser.get(ORGANISATIONS, headers=NAMED).json()] == [KEY]
        assert "set-cookie" not in browser.get(ORGANISATIONS, headers=NAMED).headers  # the session goes on
        assert browser.get(ORGANISATIONS).status_code == 401  # its cookie alone is worth nothing
        assert browser.get(ORGANISATIONS, headers={"X-Remote-User": "zoe"}).json() == []
        assert browser.post("/preferences", headers=NAMED).status_code == 403  # a write needs its word all the same


def test_the_header_of_anybody_else_is_ignored(tmp_path: Path, stranger: Visitor) -> None:
    for browser in behind_proxy(tmp_path, "10.0.0.8"):
        assert browser.get(ORGANISATIONS, headers=NAMED).status_code == 401
        forwarded = NAMED | {"X-Forwarded-For": "10.0.0.7", "Forwarded": "for=10.0.0.7"}
        assert browser.get(ORGANISATIONS, headers=forwarded).status_code == 401
    assert stranger.client.get(ORGANISATIONS, headers=NAMED).status_code == 401  # not switched on


def test_behind_https_cookies_are_kept_to_it(tmp_path: Path) -> None:
    settings = read_settings({"STOCKTRIM_HOME": str(tmp_path), "STOCKTRIM_DESK_URL": "https://desk.example.com"})
    for visitor in visitor_of(settings):
        answer = visitor.client.post(
            "/sign-in", content=f"token={visitor.tokens[-1].reveal()}", follow_redirects=False,
            headers={"Host": "desk.example.com", "Origin": "https://desk.example.com"},
        )  # fmt: skip
        cookie = answer.headers["set-cookie"]
        assert (answer.status_code, cookie.startswith("__Host-"), "; Secure" in cookie) == (303, True, True)
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
