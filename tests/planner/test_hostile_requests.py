"""Whatever a program or a page sends, the desk answers with a sentence and never with a fault of its own.

Requests are made from the API's own document, and from the routes of the screens, with values that somebody may send
by mistake or on purpose. The same seed sends the same requests.
"""

import json
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest

from pipelines.settings import read_settings
from planner.beginning.demo_start import DemoStart
from planner.desk_app import create_app
from tests.planner.conftest import KEY, OTHER, Visitor, visitor_of
from tests.planner.routes import every_route

V1: Final = "/api/v1"
# Numbers that are none, names that mean something elsewhere, and texts that are too long.
ODD: Final[tuple[Any, ...]] = (
    "", " ", "0", "-1", "1.5", "abc", "1e9", "nan", "inf", "-inf", "9" * 400, "\uff11\uff10", "0x10", "1,000", "1.000",
    "10" * 10, "zz", "evil", "..", "../../etc/passwd", "<script>alert(1)</script>", "{{7*7}}", "' or 1=1 --", "=1+1",
    "\u202eabc", "x" * 4_000, "a\x00b", "\ud7ff", "\ufffe", "P-00011", "P-00012", KEY, OTHER, "all", "2026-12-01",
    "2026-02-30", "0001-01-01", "9999-12-31", "true", "null", "[]", "%00", "%ff", "*", "a\nb", "\r\nSet-Cookie: x=1",
)  # fmt: skip
ODD_JSON: Final[tuple[Any, ...]] = (
    None, True, 0, -1, 1, 1.5, 1e308, 10**30, [], {}, [[]], [None], {"a": {"b": []}}, "0", [1, "x"], ["P-00011"],
)  # fmt: skip
NO_JSON: Final = ("{", "[", '{"a":NaN}', "9" * 5_000, "[" * 50_000, "\x00", '"x"', '{"a":1}' * 2, "\ufeff{}")
# Loads and plans are started through Dagster, which does not run in these tests: it says so.
WITHOUT_DAGSTER: Final = 503


@pytest.fixture
def sender(desk_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visitor]:
    # a request begins the demo, which is a process of its own that would load and plan beside the test
    monkeypatch.setattr(DemoStart, "start", lambda _: None)
    home = shutil.copytree(desk_home, tmp_path / "home")
    for visitor in visitor_of(read_settings({"STOCKTRIM_HOME": str(home)})):
        yield visitor.sign_in()


class Hostile:
    """Makes requests, and remembers those that were answered with a fault."""

    def __init__(self, visitor: Visitor, seed: int) -> None:
        self.visitor, self.random = visitor, random.Random(seed)  # noqa: S311, the same again for the same seed
        self.document = visitor.client.get(f"{V1}/openapi.json").json()
        self.faults: list[str] = []
        self.sent = 0

    def of_document(self) -> None:
        """A request for each operation of the document."""
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                parameters = operation.get("parameters", [])
                query = {
                    one["name"]: self._value(one["schema"])
                    for one in parameters
                    if one["in"] == "query" and self.random.random() < 0.7
                }
                schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
                self._send(method, self._path(path), params=query, **self._body(schema))

    def of_routes(self) -> None:
        """A request for each route of the screens."""
        for method, path in every_route(create_app(self.visitor.desk)):
            if path.startswith((V1, "/sign-", "/connect")) or method == "HEAD":
                continue
            fields = {name: str(self._odd()) for name in self.random.sample(FIELDS, 6)}
            if method == "GET":
                self._send(method, self._path(path), params=fields)
            else:
                self._send(method, self._path(path), data=fields)

    def _send(self, method: str, path: str, **what: Any) -> None:
        headers = self.visitor.word | ({"Content-Type": "application/json"} if "content" in what else {})
        answer = self.visitor.client.request(method, path, headers=headers, follow_redirects=False, **what)
        self.sent += 1
        is_without_dagster = answer.status_code == WITHOUT_DAGSTER and "Traceback" not in answer.text
        if answer.status_code >= 500 and not is_without_dagster:
            self.faults.append(f"{method} {path} {json.dumps(what)[:300]}: {answer.status_code}")
        if path.startswith(V1) and answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json", (method, path, answer.text[:200])

    def _path(self, path: str) -> str:
        parts = path.replace("{key}", KEY).split("/")
        return "/".join(quote(str(self._odd()) or "x", safe="") if "{" in part else part for part in parts)

    def _odd(self) -> Any:
        return self.random.choice(ODD)

    def _value(self, schema: dict[str, Any]) -> Any:
        if "$ref" in schema:
            return self._value(self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
        if "anyOf" in schema:
            return self._value(self.random.choice(schema["anyOf"]))
        if self.random.random() < 0.3:
            return self.random.choice((*ODD, *ODD_JSON))
        made: dict[str, Callable[[], Any]] = {
            "object": lambda: {
                name: self._value(one)
                for name, one in schema.get("properties", {}).items()
                if self.random.random() < 0.85
            },
            "array": lambda: [self._value(schema.get("items", {})) for _ in range(self.random.randrange(4))],
            "integer": lambda: self.random.choice((0, 1, 2, -1, 7, 10**18, 10**30)),
            "number": lambda: self.random.choice((0, 1, 2.5, -1, 1e308, 1e-320)),
            "boolean": lambda: self.random.random() < 0.5,
        }
        choices = schema.get("enum")
        return self.random.choice(choices) if choices else made.get(schema.get("type", ""), self._odd)()

    def _body(self, schema: dict[str, Any] | None) -> dict[str, Any]:
        if schema is None:
            return {}
        if self.random.random() < 0.1:
            return {"content": self.random.choice(NO_JSON)}
        return {"json": self._value(schema)}


# What forms and addresses of the desk are named.
FIELDS: Final = (
    "page", "sort", "search", "report", "status", "supplier", "group", "code", "product", "quantity", "version",
    "columns", "order", "line", "name", "value", "reason", "days", "until", "person", "role", "reach", "next", "idem",
    "subject", "level", "setting", "view", "codes", "from", "to", "entity", "price", "date", "key", "ids", "limit",
)  # fmt: skip


def sent(visitor: Visitor, *, seconds: float, seed: int) -> Hostile:
    hostile, begun = Hostile(visitor, seed), time.process_time()
    while time.process_time() - begun < seconds:
        hostile.of_document()
        hostile.of_routes()
    return hostile


def test_no_request_is_answered_by_a_fault(sender: Visitor, measured: Callable[[str], None]) -> None:
    hostile = sent(sender, seconds=2, seed=1)
    measured(f"{hostile.sent} hostile requests, {len(hostile.faults)} faults")
    assert hostile.faults == []


@pytest.mark.soak
def test_no_request_of_very_many_is_answered_by_a_fault(sender: Visitor, measured: Callable[[str], None]) -> None:
    hostile = sent(sender, seconds=float(os.environ.get("SOAK_SECONDS", "300")), seed=random.randrange(1 << 30))  # noqa: S311, another each time
    measured(f"{hostile.sent} hostile requests, {len(hostile.faults)} faults")
    assert hostile.faults == []
