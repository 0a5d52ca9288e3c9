"""Xero's `where` and `order`: small languages over the fields of a returned record.

What belongs here: reading an expression once into a predicate or a sort. What does not: which fields there are;
any field that a record of the list has can be named, with dots into the objects inside it.
Read more in docs/sandbox.md.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from xero_sandbox.core.answers import bad_query
from xero_sandbox.core.clock import EPOCH

Record = dict[str, Any]
Predicate = Callable[[Record], bool]
Value = Callable[[Record], Any]

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<number>-?\d+(?:\.\d+)?)
    |(?P<operator>==|!=|<>|>=|<=|&&|\|\||[()><=,!])
    |(?P<name>[A-Za-z_][A-Za-z0-9_.]*))""",
    re.VERBOSE,
)
_NET_DATE: Final = re.compile(r"^/Date\((-?\d+)(?:[+-]\d{4})?\)/$")
_TEXT_METHODS: Final[dict[str, Callable[[str, str], bool]]] = {
    "Contains": lambda text, part: part in text,
    "StartsWith": str.startswith,
    "EndsWith": str.endswith,
}
_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": lambda left, right: bool(left == right),
    "=": lambda left, right: bool(left == right),
    "!=": lambda left, right: bool(left != right),
    "<>": lambda left, right: bool(left != right),
    ">": lambda left, right: bool(left > right),
    ">=": lambda left, right: bool(left >= right),
    "<": lambda left, right: bool(left < right),
    "<=": lambda left, right: bool(left <= right),
}
_WORDS: Final = {"null": None, "true": True, "false": False}


def predicate(expression: str) -> Predicate:
    """What a `where` asks, as a function of a record; a 400 where it cannot be read.

    >>> keeps = predicate('Status=="AUTHORISED" AND Total >= 10')
    >>> keeps({"Status": "AUTHORISED", "Total": 12.0}), keeps({"Status": "DRAFT", "Total": 12.0})
    (True, False)
    """
    parser = _Parser(expression)
    found = parser.either()
    parser.end()
    return found


def field_names(expression: str) -> set[str]:
    """The fields that an expression names, as far as its tokens tell.

    >>> sorted(field_names('Type=="ACCREC" AND Contact.Name.Contains("x")'))
    ['Contact', 'Type']
    """
    words = {text.split(".")[0] for category, text in _tokens(expression) if category == "name"}
    return {word for word in words if word.lower() not in {"and", "or", "null", "true", "false", "datetime", "guid"}}


def ordered(records: Iterable[tuple[Record, Any]], order: str) -> list[tuple[Record, Any]]:
    """Pairs of record and what it stands for, sorted as `order` asks (`Date DESC, InvoiceNumber`)."""
    rows = list(records)
    for clause in reversed(order.split(",")):
        name, _, direction = " ".join(clause.split()).partition(" ")
        if not name or direction.upper() not in {"", "ASC", "DESC"}:
            raise bad_query(f"Cannot read the order '{order}'")
        rows.sort(key=partial(_sort_key, name), reverse=direction.upper() == "DESC")
    return rows


def _sort_key(name: str, row: tuple[Record, Any]) -> Any:
    return _sortable(value_of(row[0], name))


def value_of(record: Record, path: str) -> Any:
    """The value of a field, dates as instants; None where the record has no such field."""
    found: Any = record
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return _typed(found)


def _typed(value: Any) -> Any:
    if isinstance(value, str) and (match := _NET_DATE.match(value)):
        return EPOCH + timedelta(milliseconds=int(match[1]))
    return value


def _sortable(value: Any) -> tuple[bool, Any]:
    """Nothing sorts before anything."""
    return (value is not None, value if value is not None else 0)


def _tokens(expression: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at, end = 0, len(expression.rstrip())
    while at < end:
        match = _TOKEN.match(expression, at)
        if match is None or match.lastgroup is None:
            raise bad_query(f"Syntax error (at index {at})")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


class _Parser:
    """A recursive-descent reader: either → both → one comparison."""

    def __init__(self, expression: str) -> None:
        self._tokens = _tokens(expression)
        self._at = 0

    def either(self) -> Predicate:
        left = self._both()
        while self._take_word("or") or self._take("||"):
            left = _any(left, self._both())
        return left

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise bad_query(f"Syntax error near '{self._tokens[self._at][1]}'")

    def _both(self) -> Predicate:
        left = self._one()
        while self._take_word("and") or self._take("&&"):
            left = _all(left, self._one())
        return left

    def _one(self) -> Predicate:
        if self._take("!"):
            inner = self._one()
            return lambda record: not inner(record)
        if self._take("("):
            inner = self.either()
            self._need(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Predicate:
        left = self._value()
        if isinstance(left, _Test):
            return left
        operator = self._peek()
        if operator not in _COMPARISONS:
            return lambda record: left(record) is True
        self._at += 1
        right = self._value()
        return _compared(left, _COMPARISONS[operator], right)

    def _value(self) -> "Value | _Test":
        if self._at >= len(self._tokens):
            raise bad_query("Unexpected end of the where clause")
        category, text = self._tokens[self._at]
        self._at += 1
        if category == "string":
            return _constant(re.sub(r"\\(.)", r"\1", text[1:-1]))
        if category == "number":
            return _constant(float(text))
        if category != "name":
            raise bad_query(f"Syntax error near '{text}'")
        return self._called(text) if self._peek() == "(" else _named(text)

    def _called(self, name: str) -> "Value | _Test":
        arguments = self._arguments()
        head, _, method = name.rpartition(".")
        if method in _TEXT_METHODS and head and len(arguments) == 1:
            return _Test(head, _TEXT_METHODS[method], str(arguments[0]))
        if name in {"Guid", "Guid.Parse"} and len(arguments) == 1:
            return _constant(str(arguments[0]).lower())
        if name == "DateTime":
            return _constant(_date_time(arguments))
        if name == "DateTime.Parse" and len(arguments) == 1:
            return _constant(_parsed(str(arguments[0])))
        raise bad_query(f"No applicable method '{name}' exists")

    def _arguments(self) -> list[str | int]:
        self._need("(")
        found: list[str | int] = []
        while not self._take(")"):
            category, text = self._tokens[self._at] if self._at < len(self._tokens) else ("", "")
            if category not in {"string", "number"}:
                raise bad_query("Syntax error in the arguments of the where clause")
            found.append(text[1:-1] if category == "string" else int(float(text)))
            self._at += 1
            self._take(",")
        return found

    def _peek(self) -> str | None:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else None

    def _take(self, text: str) -> bool:
        is_next = self._peek() == text
        self._at += is_next
        return is_next

    def _take_word(self, word: str) -> bool:
        is_next = (self._peek() or "").lower() == word
        self._at += is_next
        return is_next

    def _need(self, text: str) -> None:
        if not self._take(text):
            raise bad_query(f"'{text}' expected in the where clause")


class _Test:
    """A text method of a field, such as Name.Contains("x")."""

    def __init__(self, path: str, method: Callable[[str, str], bool], part: str) -> None:
        self._path, self._method, self._part = path, method, part

    def __call__(self, record: Record) -> bool:
        value = value_of(record, self._path)
        return isinstance(value, str) and self._method(value, self._part)


def _constant(value: Any) -> Value:
    return lambda _record: value


def _named(text: str) -> Value:
    if text.lower() in _WORDS:
        return _constant(_WORDS[text.lower()])
    return lambda record: value_of(record, text)


def _all(left: Predicate, right: Predicate) -> Predicate:
    return lambda record: left(record) and right(record)


def _any(left: Predicate, right: Predicate) -> Predicate:
    return lambda record: left(record) or right(record)


def _compared(left: "Value | _Test", comparison: Callable[[Any, Any], bool], right: "Value | _Test") -> Predicate:
    def holds(record: Record) -> bool:
        try:
            return comparison(left(record), right(record))
        except TypeError:
            return False

    return holds


def _date_time(arguments: list[str | int]) -> datetime:
    try:
        # mypy cannot count the numbers of the clause; too few or too many are a TypeError
        return datetime(*[int(part) for part in arguments], tzinfo=UTC)  # type: ignore[misc,arg-type]
    except (TypeError, ValueError):
        raise bad_query("DateTime() in the where clause names no date") from None


def _parsed(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise bad_query("DateTime.Parse() in the where clause names no date") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
