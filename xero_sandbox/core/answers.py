"""What a request is and what an answer looks like on Xero's wire.

What belongs here: Xero's JSON (pretty, CRLF, escaped slashes), its envelope and the bodies of its errors.
What does not: single records (`json_records.py`) and when an error is due.
Read more in docs/sandbox.md.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson

from xero_sandbox.core.clock import milliseconds

JSON: Final = "application/json; charset=utf-8"
TEXT: Final = "text/html; charset=utf-8"
XML: Final = "text/xml; charset=utf-8"
PROVIDER: Final = "Sandbox"


@dataclass(frozen=True)
class Call:
    """A request as the sandbox reads it; header names are lower-case, query names as sent."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def parameter(self, name: str) -> str | None:
        """A query parameter by its name in any case, since Xero is not strict there."""
        wanted = name.lower()
        return next((value for key, value in self.query.items() if key.lower() == wanted and value), None)

    def is_on(self, name: str, *, default: bool = False) -> bool:
        """A boolean query parameter in any case."""
        value = self.parameter(name)
        return default if value is None else value.lower() == "true"


@dataclass(frozen=True)
class Answer:
    """A response before it is sent."""

    status: int
    body: bytes = b""
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):  # noqa: N818, it is an answer, not a fault of the sandbox
    """An answer that ends the handling of a request."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status, answer.body[:200])
        self.answer = answer


def pretty(value: Any) -> bytes:
    r"""A value as Xero prints JSON: two spaces, CRLF, slashes escaped.

    >>> pretty({"Date": "/Date(0+0000)/"})
    b'{\r\n  "Date": "\\/Date(0+0000)\\/"\r\n}'
    """
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2)
    return text.replace(b"/", b"\\/").replace(b"\n", b"\r\n")


def rendered(record: dict[str, Any]) -> bytes:
    """A record as it stands in the list of an envelope."""
    return pretty(record).replace(b"\n", b"\n    ")


def envelope(
    name: str,
    rows: Sequence[bytes],
    *,
    now: datetime,
    pagination: dict[str, int] | None = None,
    warnings: list[str] | None = None,
) -> Answer:
    """Rendered records in Xero's envelope; `pagination` is there only where the list was paged."""
    body: dict[str, Any] = {
        "Id": str(uuid.uuid4()),
        "Status": "OK",
        "ProviderName": PROVIDER,
        "DateTimeUTC": f"/Date({milliseconds(now)})/",
    }
    if pagination is not None:
        body["pagination"] = pagination
    if warnings:
        body["Warnings"] = [{"Message": message} for message in warnings]
    head = pretty(body).removesuffix(b"\r\n}")
    listed = b"[\r\n    " + b",\r\n    ".join(rows) + b"\r\n  ]" if rows else b"[]"
    return Answer(200, b"".join((head, b',\r\n  "', name.encode(), b'": ', listed, b"\r\n}")))


def validation_failed(elements: list[dict[str, Any]]) -> Answer:
    """Xero's summary of elements that it refused, each with its ValidationErrors."""
    return error(10, "ValidationException", "A validation exception occurred", Elements=elements)


def error(number: int, error_type: str, message: str, **more: Any) -> Answer:
    """A 400 with Xero's number, type and words."""
    return Answer(400, pretty({"ErrorNumber": number, "Type": error_type, "Message": message, **more}))


def bad_query(message: str) -> Refusal:
    """The refusal of a filter or an order that Xero cannot read."""
    return Refusal(error(16, "QueryParseException", message))


def bad_body(message: str) -> Refusal:
    """The refusal of a body that Xero cannot read."""
    return Refusal(error(14, "PostDataInvalidException", message))


def not_found() -> Refusal:
    """The refusal of an address that names nothing; plain text, as at Xero."""
    return Refusal(Answer(404, b"The resource you're looking for cannot be found", TEXT))


def unauthorised(detail: str, *, status: int = 401, challenge: str | None = None) -> Refusal:
    """The refusal of a caller: 401 where the token does not do, 403 where the organisation is not connected."""
    body: dict[str, Any] = {
        "Type": None,
        "Title": "Unauthorized" if status == 401 else "Forbidden",  # noqa: PLR2004, HTTP's own numbers
        "Status": status,
        "Detail": detail,
        "Instance": str(uuid.uuid4()),
        "Extensions": {},
    }
    headers = {"WWW-Authenticate": challenge} if challenge else {}
    return Refusal(Answer(status, orjson.dumps(body), JSON, headers))
