"""A sandbox on a thread and a client that is signed in."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx2
import pytest

from tests.xero_sandbox.sandbox_builders import a_world
from xero_sandbox.app.testing import RunningSandbox, running_sandbox
from xero_sandbox.behaviour.edits import Edit
from xero_sandbox.core.documents import World


class Client:
    """Requests of the Accounting API, signed in by client credentials."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        self.http = httpx2.Client(base_url=sandbox.url)
        self.sign_in()

    def sign_in(self, **form: str) -> dict[str, Any]:
        answer = self.token(grant_type="client_credentials", **form)
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}", "Accept": "application/json"}
        return answer.json()

    def token(self, **form: str) -> httpx2.Response:
        return self.http.post("/connect/token", data=form, auth=(self.sandbox.client_id, self.sandbox.client_secret))

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.request(method, f"/api.xro/2.0/{path}", json=body, headers=self.headers | more)

    def edit(self, *edits: Edit) -> list[dict[str, Any]]:
        """The records after edits that all succeed."""
        answers = self.sandbox.edit(*edits)
        assert [answer["status"] for answer in answers] == [200] * len(edits), answers
        return [next(value[0] for value in answer["body"].values() if isinstance(value, list)) for answer in answers]

    def unjudged(self) -> None:
        """From now on Xero's own document has no say; the test says why."""
        self.sandbox.unjudged()

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


@pytest.fixture
def open_sandbox() -> Iterator[Callable[..., Client]]:
    """Start a sandbox of the given worlds and sign in."""
    with ExitStack() as stack:

        def start(*worlds: World, **options: Any) -> Client:
            running = stack.enter_context(running_sandbox(list(worlds) or [a_world()], **options))
            client = Client(running)
            stack.callback(client.http.close)
            return client

        yield start
