"""A person picks organisations in the browser, and the app proves itself by PKCE."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.xero_sandbox.sandbox_builders import a_world, an_organisation
from xero_sandbox.identity.authorization_server import challenge_of

CALLBACK = "http://localhost:8912/callback"
VERIFIER = "a-verifier-of-more-than-forty-three-characters-in-all"


def two_worlds():
    return a_world(), a_world(organisation=an_organisation("Demo Company", is_demo_company=True))


def request(client, **more):
    return {
        "response_type": "code",
        "client_id": client.sandbox.client_id,
        "redirect_uri": CALLBACK,
        "scope": "offline_access accounting.invoices",
        "state": "s1",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    } | more


def allow(client, *organisations, **more):
    """What the browser brings back to the app."""
    form = request(client, **more) | {"organisation": [one.tenant_id for one in organisations], "allow": "yes"}
    answer = client.http.post("/identity/connect/authorize", data=form)
    assert answer.status_code == 302
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def exchange(client, code, **more):
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    return client.http.post("/connect/token", data=form | {"client_id": client.sandbox.client_id} | more)


def test_the_page_names_each_organisation_and_marks_the_demo_company(open_sandbox):
    client = open_sandbox(*two_worlds())
    page = client.http.get("/identity/connect/authorize", params=request(client)).text
    assert "Harbour Wholesale" in page
    assert "Demo Company (demo company)" in page


def test_the_chosen_organisation_is_the_one_connected(open_sandbox):
    client = open_sandbox(*two_worlds())
    back = allow(client, an_organisation("Demo Company"))
    assert back["state"] == "s1"
    tokens = exchange(client, back["code"]).json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    names = [row["tenantName"] for row in client.http.get("/connections", headers=headers).json()]
    assert names == ["Demo Company"]


def test_an_app_without_a_secret_refreshes_with_its_id(open_sandbox):
    client = open_sandbox()
    tokens = exchange(client, allow(client, an_organisation())["code"]).json()
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    answer = client.http.post("/connect/token", data=form | {"client_id": client.sandbox.client_id})
    assert answer.status_code == 200


def test_a_code_works_once(open_sandbox):
    client = open_sandbox()
    code = allow(client, an_organisation())["code"]
    assert [exchange(client, code).status_code for _ in range(2)] == [200, 400]


@pytest.mark.parametrize("change", [{"code_verifier": "another"}, {"redirect_uri": "http://localhost:1/callback"}])
def test_a_stolen_code_is_worth_nothing(open_sandbox, change):
    client = open_sandbox()
    code = allow(client, an_organisation())["code"]
    assert exchange(client, code, **change).json() == {"error": "invalid_grant"}


def test_a_code_without_challenge_needs_the_secret(open_sandbox):
    client = open_sandbox()
    code = allow(client, an_organisation(), code_challenge="")["code"]
    assert exchange(client, code).json() == {"error": "invalid_client"}
    assert exchange(client, code, client_secret=client.sandbox.client_secret).status_code == 200


def test_who_picks_nothing_denies_access(open_sandbox):
    assert allow(open_sandbox())["error"] == "access_denied"


def test_an_unknown_scope_is_told_to_the_app(open_sandbox):
    assert allow(open_sandbox(), an_organisation(), scope="accounting.everything")["error"] == "invalid_scope"


@pytest.mark.parametrize("change", [{"client_id": "OTHER"}, {"redirect_uri": "http://elsewhere.example/callback"}])
def test_an_unknown_app_or_address_gets_no_way_back(open_sandbox, change):
    client = open_sandbox()
    assert client.http.get("/identity/connect/authorize", params=request(client, **change)).status_code == 400
