"""Nothing is open by mistake: each route without a session, each write without its word, each strange host."""

import pytest

from planner.desk_app import SCREENS
from planner.security.guard import OPEN  # signing in, and where a browser comes back to: a state says whose it is
from planner.security.response_headers import ALWAYS
from tests.planner.conftest import Visitor
from tests.planner.routes import filled, routes_of

ROUTES = [(method, filled(path, "acme")) for screen in SCREENS for method, path in routes_of(screen.router.routes)]


def test_the_list_of_routes_is_whole() -> None:
    assert {("GET", "/o/acme/plan"), ("POST", "/preferences"), ("GET", "/o/acme/product/panel")} <= set(ROUTES)


def test_every_route_is_closed_to_strangers(stranger: Visitor) -> None:
    for method, path in ROUTES:
        if path not in OPEN:
            answer = stranger.client.request(method, path, follow_redirects=False)
            assert answer.status_code in {303, 401}, (method, path)
            assert answer.headers.get("location", "/sign-in").startswith("/sign-in")


def test_every_write_needs_its_word(visitor: Visitor) -> None:
    for method, path in ROUTES:
        if method != "GET" and path not in OPEN:
            answer = visitor.client.request(method, path)
            assert (answer.status_code, "Reload it" in answer.text) == (403, True), (method, path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Origin", "http://evil.example"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
    ],
)
def test_a_write_from_another_site_is_refused(visitor: Visitor, name: str, value: str) -> None:
    answer = visitor.client.post("/preferences", content="desk_theme=dark", headers=visitor.word | {name: value})
    assert answer.status_code == 403


def test_a_write_by_reading_is_refused(visitor: Visitor) -> None:
    for path in ("/preferences", "/sign-out"):
        assert visitor.client.get(path).status_code == 405


def test_only_the_hosts_of_this_machine_are_answered(visitor: Visitor) -> None:
    assert visitor.client.get("/o/acme/", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("path", ["/sign-in", "/o/acme/", "/static/desk.css", "/nowhere", "/o/acme/product?code=nope"])
def test_every_answer_has_the_headers_of_security(visitor: Visitor, path: str) -> None:
    answer = visitor.client.get(path)
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_pages_are_kept_nowhere_and_files_for_ever(visitor: Visitor) -> None:
    page = visitor.client.get("/o/acme/plan")
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["content-encoding"] == "gzip"
    address = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert "immutable" in visitor.client.get(address).headers["cache-control"]
    assert visitor.client.get(f"{address}0").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd"]
)
def test_no_file_beside_ours_is_served(visitor: Visitor, path: str) -> None:
    answer = visitor.client.get(f"/static/{path}")
    assert answer.status_code == 404
    assert "create_app" not in answer.text


def test_a_part_of_a_page_says_that_the_session_has_ended(stranger: Visitor) -> None:
    answer = stranger.client.get("/o/acme/plan/lines", headers={"HX-Request": "true"})
    assert (answer.status_code, "session has ended" in answer.text) == (401, True)


def test_an_unexpected_error_is_a_sentence_with_its_number(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(visitor.desk.views, "view", lambda _: 1 / 0)
    answer = visitor.client.get("/o/acme/")
    number = answer.text.partition("fault ")[2][:8]
    assert (answer.status_code, "Traceback" in answer.text) == (500, False)
    assert number in caplog.text
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS


def test_a_form_that_is_too_large_is_refused(visitor: Visitor) -> None:
    answer = visitor.client.post("/preferences", content="a=" + "x" * (2 << 20), headers=visitor.word)
    assert answer.status_code == 413
