"""Tokens, their organisations, their rotation and their end."""

from tests.xero_sandbox.sandbox_builders import LONG_AGO, a_world, an_organisation
from tests.xero_sandbox.sandbox_calls import allow, bearer
from xero_sandbox.core.clock import Clock

CALLBACK = "http://localhost:8912/callback"


def two_worlds():
    return a_world(), a_world(organisation=an_organisation("Second Street", base_currency="NZD"))


def test_client_credentials_bring_a_token_for_half_an_hour_and_no_refresh_token(open_sandbox):
    token = open_sandbox().sign_in()
    assert (token["expires_in"], token["token_type"]) == (1800, "Bearer")
    assert "refresh_token" not in token


def test_a_wrong_secret_is_an_invalid_client(open_sandbox):
    client = open_sandbox()
    for credentials in [(client.sandbox.client_id, "wrong"), ("WRONG", client.sandbox.client_secret)]:
        answer = client.http.post("/connect/token", data={"grant_type": "client_credentials"}, auth=credentials)
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_client"})


def test_credentials_may_stand_in_the_body(open_sandbox):
    client = open_sandbox()
    form = {"client_id": client.sandbox.client_id, "client_secret": client.sandbox.client_secret}
    assert client.http.post("/connect/token", data=form | {"grant_type": "client_credentials"}).status_code == 200


def test_a_custom_connection_gets_no_offline_access(open_sandbox):
    answer = open_sandbox().token(grant_type="client_credentials", scope="offline_access accounting.invoices")
    assert answer.json() == {"error": "invalid_scope"}


def test_a_custom_connection_sees_the_first_organisation_only(open_sandbox):
    client = open_sandbox(*two_worlds())
    connections = client.http.get("/connections", headers=client.headers).json()
    assert [connection["tenantName"] for connection in connections] == ["Harbour Wholesale"]
    assert client.get("Items", xero_tenant_id=an_organisation("Second Street").tenant_id).status_code == 403


def test_a_token_really_expires(open_sandbox):
    client = open_sandbox(clock=Clock(LONG_AGO))
    client.sandbox.clock.advance(1799)
    assert client.get("Items").status_code == 200
    client.sandbox.clock.advance(1)
    answer = client.get("Items")
    assert (answer.status_code, answer.json()["Detail"]) == (401, "AuthenticationUnsuccessful")


def test_a_refresh_token_rotates(open_sandbox):
    client = open_sandbox()
    first = allow(client)
    second = client.token(grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["scope"] == first["scope"]


def test_a_lost_refresh_answer_is_survived_for_half_an_hour(open_sandbox):
    client = open_sandbox(clock=Clock(LONG_AGO))
    first = allow(client)["refresh_token"]
    lost = client.token(grant_type="refresh_token", refresh_token=first).json()
    client.sandbox.clock.advance(29 * 60)
    again = client.token(grant_type="refresh_token", refresh_token=first).json()
    assert again["refresh_token"] == lost["refresh_token"]
    client.sandbox.clock.advance(2 * 60)
    answer = client.token(grant_type="refresh_token", refresh_token=first)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})


def test_an_unused_refresh_token_ends_after_sixty_days(open_sandbox):
    client = open_sandbox(clock=Clock(LONG_AGO))
    token = allow(client)["refresh_token"]
    client.sandbox.clock.advance(61 * 86_400)
    assert client.token(grant_type="refresh_token", refresh_token=token).json() == {"error": "invalid_grant"}


def test_revocation_ends_refresh_and_access(open_sandbox):
    client = open_sandbox()
    tokens = allow(client)
    form = {"token": tokens["refresh_token"]}
    credentials = (client.sandbox.client_id, client.sandbox.client_secret)
    assert client.http.post("/connect/revocation", data=form, auth=credentials).status_code == 200
    assert client.http.get("/connections", headers=bearer(tokens["access_token"])).status_code == 401
    refresh = client.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert refresh.json() == {"error": "invalid_grant"}


def test_a_deleted_connection_is_gone(open_sandbox):
    client = open_sandbox(*two_worlds())
    headers = bearer(allow(client)["access_token"])
    first, second = client.http.get("/Connections", headers=headers).json()
    assert client.http.delete(f"/connections/{first['id']}", headers=headers).status_code == 204
    assert client.http.get("/connections", headers=headers).json() == [second]
