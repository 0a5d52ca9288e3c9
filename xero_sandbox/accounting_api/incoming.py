"""What a caller sent, field by field, with every problem collected in Xero's words.

What belongs here: reading a body and the types of its fields. What does not: the rules of a kind of document.
Read more in docs/sandbox.md.
"""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import orjson

from xero_sandbox.core.answers import TEXT, Answer, Call, Refusal, bad_body
from xero_sandbox.core.clock import EPOCH

LARGEST_BODY: Final = 3_500_000
_NET_DATE: Final = re.compile(r"^/Date\((-?\d+)(?:[+-]\d{4})?\)/$")

Record = dict[str, Any]


class InvalidError(Exception):
    """An element that breaks rules; nothing of it was kept."""

    def __init__(self, *messages: str) -> None:
        super().__init__(*messages)
        self.messages = list(messages)


def elements(call: Call, name: str) -> list[Record]:
    """The elements of a body: a list under the endpoint's name, a bare list, or one bare element."""
    if len(call.body) > LARGEST_BODY:
        raise Refusal(Answer(413, b"The request is larger than 3.5 MB", TEXT))
    try:
        body = orjson.loads(call.body)
    except orjson.JSONDecodeError as unreadable:
        raise bad_body(f"JSON for post data was invalid, {unreadable}") from None
    found = body.get(name, body) if isinstance(body, dict) else body
    rows = found if isinstance(found, list) else [found]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise bad_body("No elements were provided to be saved")
    return rows


class Fields:
    """The fields of one element; what cannot be read is a problem, not an exception."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.problems: list[str] = []

    def has(self, name: str) -> bool:
        """Whether the caller sent a value."""
        return self.record.get(name) is not None

    def text(self, name: str, default: str = "", *, longest: int = 4000) -> str:
        """A text as sent, the default where none was."""
        value = self.record.get(name)
        if value is None:
            return default
        text = str(value)
        if len(text) > longest:
            self.problems.append(f"The {name} field must be a maximum of {longest} characters")
        return text

    def number(self, name: str, default: Decimal) -> Decimal:
        """A number; four decimals are kept, as in Xero."""
        value = self.record.get(name)
        if value is None or value == "":
            return default
        try:
            return Decimal(str(value)).quantize(Decimal("0.0001"))
        except InvalidOperation:
            self.problems.append(f"The {name} field is not a number")
            return default

    def part(self, name: str) -> "Fields":
        """An object inside the element; empty where none was sent."""
        value = self.record.get(name)
        return Fields(value if isinstance(value, dict) else {})

    def flag(self, name: str, *, default: bool) -> bool:
        """A boolean, also as the text that some clients send."""
        value = self.record.get(name)
        return default if value is None else str(value).lower() == "true"

    def day(self, name: str, default: date | None) -> date | None:
        """A calendar day, as YYYY-MM-DD, an ISO instant or Xero's own spelling; an empty text clears it."""
        value = self.record.get(name)
        if value is None:
            return default
        if value == "":
            return None
        try:
            return _day(str(value))
        except ValueError:
            self.problems.append(f"The {name} field is not a valid date")
            return default

    def finish(self) -> None:
        """Raise where there was any problem."""
        if self.problems:
            raise InvalidError(*self.problems)


def _day(text: str) -> date:
    if match := _NET_DATE.match(text):
        return (EPOCH + timedelta(milliseconds=int(match[1]))).date()
    return datetime.fromisoformat(text).replace(tzinfo=UTC).date()
