"""A sandbox on a thread and a client that is signed in; every answer it gets is checked against Xero's own document."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sandbox_builders import a_world
from xero_contract import Contract

from xero_sandbox.documents import World
from xero_sandbox.testing import RunningSandbox, running_sandbox


class Client:
    """Requests of the Accounting API, signed in by client credentials."""

    def __init__(self, sandbox: RunningSandbox, contract: Contract | None) -> None:
        self.sandbox = sandbox
        self.http = httpx2.Client(base_url=sandbox.url)
        self._contract = contract
        self.sign_in()

    def sign_in(self, **form: str) -> dict[str, Any]:
        answer = self.token(grant_type="client_credentials", **form)
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}", "Accept": "application/json"}
        return answer.json()

    def token(self, **form: str) -> httpx2.Response:
        return self.http.post("/connect/token", data=form, auth=(self.sandbox.client_id, self.sandbox.client_secret))

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        answer = self.http.request(
            method,
            f"/api.xro/2.0/{path}",
            json=body,
            headers=self.headers | {k.replace("_", "-"): v for k, v in headers.items()},
        )
        if self._contract is not None:
            self._contract.check(answer)
        return answer

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return self.send("GET", path, **headers)

    def rows(self, path: str, **headers: str) -> list[dict[str, Any]]:
        """The records of a list."""
        return records(self.get(path, **headers))

    def put(self, path: str, body: Any, **headers: str) -> httpx2.Response:
        return self.send("PUT", path, body, **headers)

    def post(self, path: str, body: Any, **headers: str) -> httpx2.Response:
        return self.send("POST", path, body, **headers)


def records(answer: httpx2.Response) -> list[dict[str, Any]]:
    """The records in an envelope."""
    assert answer.status_code == 200, answer.text
    return next(value for name, value in answer.json().items() if isinstance(value, list) and name != "Warnings")


@pytest.fixture(scope="session")
def contract() -> Contract | None:
    """Xero's OpenAPI document, where it is at hand."""
    path = os.environ.get("XERO_OPENAPI_FILE")
    return Contract(Path(path)) if path else None


@pytest.fixture
def open_sandbox(contract: Contract | None) -> Iterator[Callable[..., Client]]:
    """Start a sandbox of the given worlds and sign in."""
    with ExitStack() as stack:

        def start(*worlds: World, **options: Any) -> Client:
            running = stack.enter_context(running_sandbox(list(worlds) or [a_world()], **options))
            client = Client(running, contract)
            stack.callback(client.http.close)
            return client

        yield start
