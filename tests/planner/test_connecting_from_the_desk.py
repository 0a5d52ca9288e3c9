"""Connecting Xero from the browser, against the sandbox's consent page."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from pipelines.organisations.connecting import connect, sign_in_custom
from pipelines.settings import read_settings
from planner.beginning import pending_sign_ins
from planner.desk import Desk
from planner.screens import connect_screen
from planner.security.roles import Role
from planner.security.sessions import now
from tests.pipelines.organisations.conftest import CITY, HARBOUR, sandbox
from tests.planner.conftest import Visitor, visitor_of
from xero_sandbox.app.testing import RunningSandbox

__all__ = ["sandbox"]
CALLBACK = "http://localhost/connect/callback"
ADDRESS = re.compile(r'href="([^"]+/identity/connect/authorize[^"]+)"')


@pytest.fixture
def buyer(sandbox: RunningSandbox, tmp_path: Path) -> Iterator[Visitor]:
    """Somebody who is signed in to a desk with nothing connected, whose Xero is the sandbox."""
    sandbox.sandbox.redirect_uris = (CALLBACK,)
    environment = {f"XERO_{name}_URL": sandbox.url for name in ("API", "IDENTITY", "LOGIN")} | {
        "STOCKTRIM_HOME": str(tmp_path), "STOCKTRIM_DAGSTER_URL": "http://127.0.0.1:1",
        "XERO_CLIENT_ID": sandbox.client_id, "XERO_CLIENT_SECRET": sandbox.client_secret,
    }  # fmt: skip
    for visitor in visitor_of(read_settings(environment)):
        yield visitor.sign_in()


def begin(buyer: Visitor, **form: str) -> str:
    """The address of Xero's page."""
    answer = buyer.client.post("/connect", data=form, headers=buyer.word)
    assert answer.status_code == 200, answer.text
    found = ADDRESS.search(answer.text)
    assert found
    return unescape(found[1])


def answer_of_xero(address: str, *names: str, button: str = "allow") -> str:
    """Where Xero sends the browser back to, after somebody ticked organisations and pressed a button."""
    with httpx2.Client() as browser:
        seen, form = browser.get(address).text, dict(parse_qsl(urlsplit(address).query))
        ticked = [seen.partition(f"> {name}")[0].rpartition('value="')[2].rstrip('"') for name in names]
        answer = browser.post(address.partition("?")[0], data=form | {"organisation": ticked, button: "yes"})
    return str(answer.headers["location"]).removeprefix("http://localhost")


def test_of_several_organisations_allowed_the_ticked_one_is_connected(buyer: Visitor) -> None:
    assert "data-open-now" in buyer.client.post("/connect", headers=buyer.word).text
    back = answer_of_xero(begin(buyer), HARBOUR, CITY)
    assert "Waiting for Xero" in buyer.text("/connect/progress")
    assert "Go on in the tab of the desk" in buyer.text(back)
    choice = buyer.text("/connect/progress")
    assert "every 1s" not in choice
    tenants = dict(re.findall(r'value="([^"]+)"> ([^<]+)</label>', choice))
    (tenant,) = (key for key, name in tenants.items() if name == CITY)
    nothing = buyer.client.post("/connect/organisations", headers=buyer.word)
    assert (nothing.status_code, nothing.text) == (422, "Tick at least one organisation.")
    answer = buyer.client.post("/connect/organisations", data={"tenant": tenant}, headers=buyer.word)
    assert answer.headers["HX-Redirect"] == "/o/city-tools/"
    assert [one.name for one in buyer.desk.organisations()] == [CITY]
    assert "City Tools is connected. Load from Xero first" in buyer.text("/o/city-tools/")
    again = buyer.client.post("/connect/organisations", data={"tenant": tenant}, headers=buyer.word)
    assert again.status_code == 422


def test_an_organisation_is_connected_again_under_its_key(buyer: Visitor) -> None:
    for _ in range(2):
        buyer.text(answer_of_xero(begin(buyer), HARBOUR))
        tenant = re.search(r'value="([^"]+)" checked', buyer.text("/connect/progress"))
        assert tenant
        answer = buyer.client.post("/connect/organisations", data={"tenant": tenant[1]}, headers=buyer.word)
        assert answer.headers["HX-Redirect"] == "/o/harbour-wholesale/"
        buyer.desk.settings = read_settings({"STOCKTRIM_HOME": str(buyer.desk.settings.home)} | _addresses(buyer))
        assert "Connect Harbour Wholesale again" in buyer.text("/connect?organisation=harbour-wholesale")
        assert "Client id" not in buyer.text("/connect?organisation=harbour-wholesale")
        assert begin(buyer, organisation="harbour-wholesale")
        buyer.desk.settings = _with_app(buyer)
    assert len(buyer.desk.organisations()) == 1


def _addresses(buyer: Visitor) -> dict[str, str]:
    url = buyer.desk.settings.xero_api_url
    return {f"XERO_{name}_URL": url for name in ("API", "IDENTITY", "LOGIN")}


def _with_app(buyer: Visitor):
    home = str(buyer.desk.settings.home)
    app = {"XERO_CLIENT_ID": "SANDBOX0CLIENT0ID", "XERO_CLIENT_SECRET": "sandbox-client-secret"}
    return read_settings({"STOCKTRIM_HOME": home} | _addresses(buyer) | app)


def test_a_custom_connection_is_connected_again_without_xeros_page(buyer: Visitor) -> None:
    """With the credentials that are kept, at the Xero of the organisation, whatever the environment names."""
    settings = buyer.desk.settings
    allowed = sign_in_custom(settings)
    connect(settings, allowed, allowed.organisations[:1], key="demo")
    home = str(settings.home)
    buyer.desk.settings = read_settings({"STOCKTRIM_HOME": home, "STOCKTRIM_DAGSTER_URL": "http://127.0.0.1:1"})
    buyer.desk.forget()
    choice = buyer.client.post("/connect", data={"organisation": "demo"}, headers=buyer.word).text
    tenant = re.search(r'value="([^"]+)" checked', choice)
    assert tenant, choice
    answer = buyer.client.post("/connect/organisations", data={"tenant": tenant[1]}, headers=buyer.word)
    assert answer.headers["HX-Redirect"] == "/o/demo/"


def test_access_that_is_not_allowed_is_said_in_both_tabs(buyer: Visitor) -> None:
    back = answer_of_xero(begin(buyer), HARBOUR, button="deny")
    for text in (buyer.text(back), buyer.text("/connect/progress")):
        assert "Access was not allowed in the browser, so nothing was connected." in text
        assert "stocktrim connect" not in text


def test_a_wrong_secret_and_a_missing_scope_are_said(buyer: Visitor, sandbox: RunningSandbox) -> None:
    back = answer_of_xero(begin(buyer, client_id=sandbox.client_id, client_secret="wrong"), HARBOUR)
    assert "Xero refused the client id and secret" in buyer.text(back)
    less = begin(buyer).replace("+accounting.settings.read", "")
    assert "lacks the scope accounting.settings.read" in buyer.text(answer_of_xero(less, HARBOUR))


def test_an_answer_that_comes_too_late_or_twice_connects_nothing(
    buyer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = answer_of_xero(begin(buyer), HARBOUR)
    with monkeypatch.context() as patch:
        later = now() + pending_sign_ins.PATIENCE + timedelta(minutes=1)
        patch.setattr(connect_screen, "now", lambda: later)
        assert "belongs to no sign-in" in buyer.text(back, status=400)
        assert "Nobody allowed access within ten minutes" in buyer.text("/connect/progress")
    buyer.text(back)
    assert "belongs to no sign-in" in buyer.text(back, status=400)


def test_an_answer_without_a_sign_in_of_this_browser_connects_nothing(buyer: Visitor) -> None:
    """Another's state, none, and the state of a sign-in that another browser has begun."""
    back = answer_of_xero(begin(buyer), HARBOUR)
    for state in ("", "?code=x", "?state=x&code=y", "?state=%ff&code=y"):
        assert "belongs to no sign-in" in buyer.text(f"/connect/callback{state}", status=400)
    del buyer.client.cookies["desk_connect"]
    buyer.client.cookies.set("desk_connect", "another browser's", path="/connect")
    assert "belongs to no sign-in" in buyer.text(back, status=400)
    buyer.client.cookies.clear()
    assert "belongs to no sign-in" in buyer.text(back, status=400)


def test_only_administrators_connect(buyer: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Desk, "role", lambda *_: Role.APPROVER)
    assert "this needs the role administrator" in buyer.text("/connect", status=403)
    for path in ("/connect", "/connect/organisations"):
        assert buyer.client.post(path, headers=buyer.word).status_code == 403


def test_without_a_client_id_the_page_asks_for_it_and_names_the_redirect_address(tmp_path: Path) -> None:
    for visitor in visitor_of(read_settings({"STOCKTRIM_HOME": str(tmp_path)})):
        text = visitor.sign_in().text("/connect")
        assert CALLBACK in text
        assert "Client id" in text
        answer = visitor.client.post("/connect", headers=visitor.word)
        assert (answer.status_code, answer.text) == (422, "Give the client id of your Xero app.")
