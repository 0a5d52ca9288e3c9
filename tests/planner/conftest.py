"""A desk over a made-up plan, in this process, and somebody who is signed in to it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from benchmarks.made_up_plans import connect_made_up, publish_made_up
from pipelines.secret import Secret
from pipelines.settings import Settings, read_settings
from planner.desk import Desk, open_desk
from planner.desk_app import create_app
from tests.running import made_once

KEY, OTHER = "acme", "beta"
PRODUCTS = 240
ADDRESS = "http://127.0.0.1"
# Codes and names as somebody may type them in Xero.
ODD = {
    "A/B?c=1&d#e": "<img src=x onerror=alert(1)>",
    "..": "<script>alert(1)</script>",
    "=1+1": '=HYPERLINK("http://evil.example")',
    "{{7*7}}": "{{7*7}}",
    "LONG": "x" * 4_000,
    "ARABIC": "كوب أزرق \u202e reversed",
    "ümlaut 1": "Größe\x00 \t mixed",
    "EMPTY": "",
}


@dataclass
class Visitor:
    """A browser without windows: cookies, and the word that writes carry."""

    client: TestClient
    desk: Desk
    tokens: list[Secret] = field(default_factory=list)

    def sign_in(self) -> "Visitor":
        answer = self.client.post("/sign-in", content=f"token={self.tokens[-1].reveal()}", follow_redirects=False)
        assert answer.status_code == 303
        return self

    @property
    def word(self) -> dict[str, str]:
        """The header of a write."""
        text = self.client.cookies[self.desk.cookie]
        session = self.desk.sessions.opened(text, at=_now())
        assert session is not None
        return {"X-Desk-Token": session.forgery_token, "HX-Request": "true"}

    def text(self, path: str, status: int = 200, **headers: str) -> str:
        answer = self.client.get(path, headers=headers)
        assert answer.status_code == status, answer.text[:400]
        return answer.text


def _now():
    from planner.security.sessions import now  # noqa: PLC0415, only writes need it

    return now()


@pytest.fixture(scope="session")
def desk_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two organisations; nobody may change it.

    Each worker has its own copy: a store that is open has files beside it that come and go.
    """
    made = made_once(tmp_path_factory, "desk_home", _make_home)
    return Path(shutil.copytree(made, tmp_path_factory.mktemp("desk") / "home", symlinks=True))


def _make_home(home: Path) -> None:
    home.mkdir(parents=True)
    settings = read_settings({"STOCKTRIM_HOME": str(home)})
    for key, products, odd in ((KEY, PRODUCTS, ODD), (OTHER, 5, {})):
        connect_made_up(settings, key, f"{key.title()} & Söhne")
        publish_made_up(settings.organisation_folder(key), products, odd=odd)


def visitor_of(settings: Settings) -> Iterator[Visitor]:
    tokens: list[Secret] = []
    desk = open_desk(settings, person="anna", port=8500, announce=tokens.append)
    desk.token.issue()
    with TestClient(create_app(desk), base_url=ADDRESS, raise_server_exceptions=False) as client:
        yield Visitor(client, desk, tokens)
    desk.close()


@pytest.fixture
def stranger(desk_home: Path) -> Iterator[Visitor]:
    """Somebody who is not signed in."""
    yield from visitor_of(read_settings({"STOCKTRIM_HOME": str(desk_home)}))


@pytest.fixture
def visitor(stranger: Visitor) -> Visitor:
    """Somebody who is signed in."""
    return stranger.sign_in()
