"""A sandbox of two organisations and a demo company, a home, and the browser's part of a sign-in."""

import fcntl
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from pipelines.organisations.connecting import AllowedOrganisations, sign_in_by_browser
from pipelines.secret import Secret
from pipelines.settings import Settings, read_settings
from xero_sandbox.app.testing import RunningSandbox, running_sandbox
from xero_sandbox.core.documents import Organisation, World

PATIENCE_SECONDS = 120.0
HARBOUR, CITY, DEMO_COMPANY = "Harbour Wholesale", "City Tools", "Demo Company (NZ)"


def a_world(name: str, number: int, **more: Any) -> World:
    identity = f"00000000-0000-0000-0000-{number:012d}"
    defaults: dict[str, Any] = {"tenant_id": identity, "organisation_id": identity, "short_code": f"!s{number}"}
    return World(organisation=Organisation(name=name, **(defaults | more)))


def three_worlds() -> list[World]:
    return [
        a_world(HARBOUR, 1, base_currency="NZD", time_zone="NEWZEALANDSTANDARDTIME"),
        a_world(CITY, 2, base_currency="GBP", time_zone="GMTSTANDARDTIME"),
        a_world(DEMO_COMPANY, 3, base_currency="NZD", is_demo_company=True),
    ]


class Person:
    """Somebody at a browser: opens the page, ticks organisations, presses a button, is sent back to us."""

    def __init__(self, *organisations: str, button: str = "allow", meddle: Callable[[str], str] = str) -> None:
        self.organisations = organisations
        self.button = button
        self.meddle = meddle
        self.seen = ""
        self.landed: httpx2.Response | None = None
        self._thread: threading.Thread | None = None

    def open_page(self, address: str) -> None:
        """Start to read; the command waits meanwhile."""
        self._thread = threading.Thread(target=self._read, args=[address])
        self._thread.start()

    def leave(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def _read(self, address: str) -> None:
        with httpx2.Client() as browser:
            self.seen = browser.get(address).text
            form = dict(parse_qsl(urlsplit(address).query))
            chosen = [self._value_of(name) for name in self.organisations]
            page = address.partition("?")[0]
            back = browser.post(page, data=form | {"organisation": chosen, self.button: "yes"})
            self.landed = browser.get(self.meddle(back.headers["location"]))

    def _value_of(self, name: str) -> str:
        before = self.seen.partition(f"> {name}")[0]
        return before.rpartition('value="')[2].rstrip('"')


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(three_worlds()) as running:
        yield running


@contextmanager
def callback_port() -> Iterator[None]:
    """The one port to come back to, for one sign-in at a time on this machine."""
    with (Path(tempfile.gettempdir()) / "stocktrim-test-callback.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def settings(sandbox: RunningSandbox, tmp_path: Path) -> Settings:
    """A home that talks to the sandbox, with its store in SQLite."""
    return settings_for(sandbox, home=tmp_path / "home", database_url=f"sqlite:///{tmp_path / 'stocktrim.sqlite'}")


@pytest.fixture
def either(settings: Settings, store_url: str) -> Settings:
    """The same with the store of either kind."""
    return replace(settings, database_url=store_url)


def settings_for(sandbox: RunningSandbox, *, home: Path, database_url: str) -> Settings:
    found = read_settings({
        "STOCKTRIM_HOME": str(home),
        "STOCKTRIM_DATABASE_URL": database_url,
        **{f"XERO_{name}_URL": sandbox.url for name in ("API", "IDENTITY", "LOGIN")},
        "XERO_CLIENT_ID": sandbox.client_id,
        "XERO_CLIENT_SECRET": sandbox.client_secret,
    })  # fmt: skip
    assert found.xero_client_secret == Secret(sandbox.client_secret)
    return found


def signed_in(settings: Settings, person: Person) -> AllowedOrganisations:
    """What comes of a person's visit to Xero's page."""
    with callback_port():
        try:
            return sign_in_by_browser(settings, open_page=person.open_page, patience_seconds=PATIENCE_SECONDS)
        finally:
            person.leave()
