"""Connecting by the browser: Xero's own page, PKCE and state checked, the chosen organisations kept."""

import socket
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import sqlalchemy as sa

from pipelines.errors import PlannerError, SignInError, UsageError
from pipelines.organisation_key import OrganisationError, check_key
from pipelines.organisations.connecting import chosen_among, connect, key_from, sign_in_by_browser, sign_in_custom
from pipelines.organisations.open_organisation import open_organisation
from pipelines.secret import Secret
from pipelines.settings import Settings
from pipelines.store import schema
from pipelines.store.connected_organisations import list_organisations
from pipelines.store.engine import open_store
from pipelines.xero.oauth.authorization import REDIRECT_URI, challenge_of, code_in, new_sign_in
from pipelines.xero.organisation_record import read_organisation
from pipelines.xero.xero_errors import MissingScopeError
from tests.pipelines.organisations.conftest import CITY, DEMO_COMPANY, HARBOUR, Person, callback_port, signed_in
from xero_sandbox.app.testing import RunningSandbox


def refused(settings: Settings, person: Person) -> PlannerError:
    with pytest.raises(PlannerError) as refused:
        signed_in(settings, person)
    with callback_port(), pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", 8912)):
        pass
    return refused.value


def test_what_a_person_allowed_can_be_chosen_kept_and_read(either: Settings) -> None:
    person = Person(HARBOUR, CITY)
    allowed = signed_in(either, person)
    assert [organisation.name for organisation in allowed.organisations] == [HARBOUR, CITY]
    assert person.landed is not None
    assert "Go on in the terminal" in person.landed.text
    (kept,) = connect(either, allowed, chosen_among(allowed.organisations, [CITY.upper()]))
    assert (kept.key, kept.name, kept.base_currency, kept.is_demo_company) == ("city-tools", CITY, "GBP", False)
    opened = open_organisation(either, "city-tools")
    assert read_organisation(opened.client().organisation()).name == CITY
    opened.store.close()


def test_two_organisations_of_one_sign_in_share_its_tokens(either: Settings, sandbox: RunningSandbox) -> None:
    allowed = signed_in(either, Person(HARBOUR, CITY))
    connect(either, allowed, allowed.organisations)
    store = open_store(either.database_url)
    with store.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.sign_in)).scalar() == 1
    for key in ("harbour-wholesale", "city-tools"):
        sandbox.sandbox.identity.expire_access_tokens()
        opened = open_organisation(either, key)
        opened.client().organisation()
        opened.store.close()
    assert not [organisation for organisation in list_organisations(store) if organisation.sign_in_needed_at]
    store.close()


def test_an_app_without_a_secret_signs_in_by_pkce_alone_and_refreshes(
    settings: Settings, sandbox: RunningSandbox
) -> None:
    native = replace(settings, xero_client_secret=None)
    allowed = signed_in(native, Person(HARBOUR))
    connect(native, allowed, allowed.organisations, key="harbour")
    sandbox.sandbox.identity.expire_access_tokens()
    opened = open_organisation(settings, "harbour")
    assert read_organisation(opened.client().organisation()).name == HARBOUR
    opened.store.close()


def test_no_more_is_asked_for_than_is_needed() -> None:
    request = new_sign_in("https://login.xero.com", "ID")
    parts = urlsplit(request.address)
    parameters = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://login.xero.com/identity/connect/authorize"
    needed = "accounting.invoices accounting.contacts.read accounting.settings.read"
    assert parameters["scope"] == f"offline_access {needed}"
    assert (parameters["redirect_uri"], parameters["response_type"]) == ("http://localhost:8912/callback", "code")
    assert parameters["code_challenge"] == challenge_of(request.verifier.reveal())
    assert parameters["code_challenge_method"] == "S256"
    assert len(request.verifier.reveal()) >= 43
    second = new_sign_in("https://login.xero.com", "ID")
    assert request.state != second.state
    assert request.verifier != second.verifier


def test_who_presses_cancel_connects_nothing(settings: Settings) -> None:
    trouble = refused(settings, Person(HARBOUR, button="deny"))
    assert str(trouble) == "Access was not allowed in the browser, so nothing was connected."
    assert trouble.exit_code == 3


def test_an_answer_to_another_sign_in_connects_nothing(settings: Settings, sandbox: RunningSandbox) -> None:
    person = Person(HARBOUR, meddle=lambda back: back.replace("state=", "state=x"))

    def visit(address: str) -> None:
        person.open_page(address)
        person.leave()

    came = pytest.raises(SignInError, match=r"so nothing was connected.* Answers to other sign-ins came")
    with callback_port(), came as refused:
        sign_in_by_browser(settings, open_page=visit, patience_seconds=0.1)
    assert refused.value.exit_code == 3
    assert not [entry for entry in sandbox.stats()["requests"] if entry["path"] == "/connect/token"]


STRAY = (
    "/callback?code=theirs&state=another", "/callback?code=theirs", "/callback?error=access_denied",
    "/callback?error=access_denied&state=another", "/callback?state=", "/favicon.ico", "/", "/callback", "//[",
    "/other?code=theirs&state=another", "/callback?code=%00&state=%ff",
)  # fmt: skip


def test_answers_to_other_sign_ins_end_nothing_and_this_ones_is_waited_for(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    statuses: list[int] = []

    def stray_first(back: str) -> str:
        with httpx2.Client() as browser:
            statuses.extend(browser.get(f"http://127.0.0.1:8912{path}").status_code for path in STRAY)
        return back

    person = Person(HARBOUR, meddle=stray_first)
    assert [organisation.name for organisation in signed_in(settings, person).organisations] == [HARBOUR]
    assert set(statuses) == {400, 404}
    assert set(caplog.messages) == {
        "An answer to another sign-in came and was ignored; still waiting for the answer to this sign-in."
    }
    assert person.landed is not None
    assert "Go on in the terminal" in person.landed.text


def test_of_two_answers_the_first_counts(settings: Settings) -> None:
    """The second comes on a connection that was there before the first, so it is heard for certain."""

    def twice(back: str) -> str:
        page = urlsplit(back)
        with socket.create_connection(("127.0.0.1", 8912)) as second:
            assert httpx2.get(back).status_code == 200
            second.sendall(f"GET {page.path}?{page.query.replace('code=', 'code=x')} HTTP/1.1\r\n\r\n".encode())
            with second.makefile() as answer:
                assert answer.readline().split()[1] == "200"
        return settings.xero_login_url

    person = Person(HARBOUR, meddle=twice)
    assert [organisation.name for organisation in signed_in(settings, person).organisations] == [HARBOUR]
    assert person.landed is not None


def test_a_code_of_another_sign_in_is_worth_nothing(settings: Settings) -> None:
    trouble = refused(settings, Person(HARBOUR, meddle=lambda back: back.replace("code=", "code=x")))
    assert "Xero did not accept the answer from the browser; nothing was connected" in str(trouble)
    assert trouble.exit_code == 3


def test_who_never_comes_back_is_waited_for_only_so_long(settings: Settings) -> None:
    nobody = pytest.raises(SignInError, match="Nobody allowed access in the browser within 1 seconds, so nothing")
    with callback_port(), nobody:
        sign_in_by_browser(settings, open_page=lambda _: None, patience_seconds=1)


def test_a_taken_port_is_named(settings: Settings) -> None:
    with (
        callback_port(),
        socket.create_server(("127.0.0.1", 8912)),
        pytest.raises(UsageError, match=r"^Port 8912 cannot be used") as refused,
    ):
        sign_in_by_browser(settings, open_page=pytest.fail, patience_seconds=1)
    assert "stop the other program" in str(refused.value)


def test_an_app_without_an_id_gets_an_error_that_says_what_to_set(settings: Settings) -> None:
    with pytest.raises(UsageError, match=r"^Set XERO_CLIENT_ID"):
        signed_in(replace(settings, xero_client_id=None), Person(HARBOUR))


def test_a_wrong_secret_is_reported(settings: Settings) -> None:
    wrong = replace(settings, xero_client_secret=Secret("wrong"))
    assert "refused the client id and secret (invalid_client)" in str(refused(wrong, Person(HARBOUR)))


def test_a_scope_that_was_not_granted_is_named_with_what_to_do(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.xero.oauth.authorization.NEEDED", ("accounting.invoices", "accounting.settings"))
    with pytest.raises(MissingScopeError, match=r"lacks the scope accounting.contacts.read: allow it") as refused:
        signed_in(settings, Person(HARBOUR))
    assert refused.value.scopes == ("accounting.contacts.read",)
    assert refused.value.exit_code == 3


def test_xeros_own_words_are_never_shown_raw() -> None:
    request = new_sign_in("https://login.xero.com", "ID")
    with pytest.raises(SignInError) as refused:
        code_in({"state": request.state, "error": "<script>evil\x1b[2J</script>"}, request)
    assert not {"<", ">", "\x1b", "["} & set(str(refused.value))
    assert REDIRECT_URI in str(refused.value)


def test_a_name_that_was_not_allowed_is_refused_with_those_that_were(settings: Settings) -> None:
    allowed = signed_in(settings, Person(HARBOUR, CITY))
    with pytest.raises(UsageError, match=f"'Nobody' is not an allowed organisation: {HARBOUR} .*; {CITY} "):
        chosen_among(allowed.organisations, ["Nobody"])


def test_a_demo_company_is_known_as_one(settings: Settings) -> None:
    allowed = signed_in(settings, Person(DEMO_COMPANY))
    (kept,) = connect(settings, allowed, allowed.organisations)
    assert (kept.key, kept.is_demo_company) == ("demo-company-nz", True)


def test_a_key_never_changes_its_organisation(either: Settings) -> None:
    allowed = signed_in(either, Person(HARBOUR, CITY))
    harbour, city = allowed.organisations
    connect(either, allowed, [harbour], key="acme")
    with pytest.raises(OrganisationError, match="'acme' belongs to another organisation of Xero, and data of two"):
        connect(either, signed_in(either, Person(HARBOUR, CITY)), [city], key="acme")
    store = open_store(either.database_url)
    assert [(organisation.key, organisation.name) for organisation in list_organisations(store)] == [("acme", HARBOUR)]
    store.close()


def test_an_organisation_is_never_planned_twice(either: Settings) -> None:
    allowed = signed_in(either, Person(HARBOUR))
    connect(either, allowed, allowed.organisations, key="acme")
    with pytest.raises(
        OrganisationError, match="stored as 'acme'; under a second key everything would be ordered twice"
    ):
        connect(either, signed_in(either, Person(HARBOUR)), allowed.organisations, key="other")
    again = connect(either, signed_in(either, Person(HARBOUR)), allowed.organisations)
    assert [organisation.key for organisation in again] == ["acme"]


def test_the_demos_key_is_for_the_demo_only(settings: Settings) -> None:
    allowed = signed_in(settings, Person(HARBOUR))
    real = replace(settings, xero_api_url="https://api.xero.com")
    with pytest.raises(OrganisationError, match="'demo' belongs to the demo, which `stocktrim demo` replaces"):
        connect(real, allowed, allowed.organisations, key="demo")


@pytest.mark.parametrize("key", ["", "Acme", "a b", "../x", "-a", "a" * 41, "é", "a,b", "a...b"])
def test_a_key_is_plain(key: str) -> None:
    with pytest.raises(OrganisationError, match="cannot be an organisation's key"):
        check_key(key)


def test_one_key_is_for_one_organisation(settings: Settings) -> None:
    allowed = signed_in(settings, Person(HARBOUR, CITY))
    with pytest.raises(UsageError, match="One key is for one organisation"):
        connect(settings, allowed, allowed.organisations, key="acme")


def test_an_organisation_keeps_the_key_that_it_has(settings: Settings) -> None:
    def connected(key: str | None = None) -> str:
        allowed = sign_in_custom(settings)
        (connected,) = connect(settings, allowed, allowed.organisations, key=key)
        return connected.key

    assert connected("harbour") == "harbour"
    assert connected() == "harbour"


def test_a_custom_connection_to_a_sandbox_is_the_demo(settings: Settings) -> None:
    allowed = sign_in_custom(settings)
    (connected,) = connect(settings, allowed, allowed.organisations)
    assert connected.key == "demo"
    by_name = signed_in(settings, Person(CITY))
    assert [kept.key for kept in connect(settings, by_name, by_name.organisations)] == ["city-tools"]


@pytest.mark.parametrize(
    ("name", "key"),
    [("東京商事", "organisation"), ("  ", "organisation"), ("A" * 60, "a" * 40), ("O'Neil & Co", "o-neil-co")],
)
def test_every_name_gives_a_key(name: str, key: str) -> None:
    assert key_from(name, taken=()) == key


def test_a_long_name_that_is_taken_gives_another_key_of_the_same_length() -> None:
    assert key_from("a" * 60, taken=["a" * 40]) == "a" * 38 + "-2"
