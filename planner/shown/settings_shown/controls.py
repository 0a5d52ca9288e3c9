"""The control of a setting: what a page draws for its kind of value, and the text that its fields come to.

    number, percentage     one field with its unit            choice, flag      a list
    order days             days of the week, or dates         periods           pairs of days
    price breaks           pairs of quantity and price        product           a code, found by typing

What belongs here: fields to text and back. What does not: whether a text is allowed (`ValueForm.parse`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from pipelines.planning_settings.mornings import DAYS
from pipelines.planning_settings.setting_descriptions import Parameter
from pipelines.planning_settings.setting_topics import CHOICES
from pipelines.planning_settings.setting_words import WEEKDAYS, unit_of
from pipelines.planning_settings.supplier_terms.calendar_words import dates_in, periods_in, weekdays_in
from planner.frame import formats

_SPARE_ROWS: Final = 2
_NUMBERS: Final = frozenset({"whole number", "number", "money", "percentage"})
_FLAGS: Final = {"true": "yes", "false": "no"}
Texts = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Control:
    """What a page draws: `kind` is the drawing; the rest is what it needs."""

    kind: str
    value: str
    unit: str = ""
    least: str = ""
    most: str = ""
    step: str = "any"
    options: Sequence[tuple[str, str]] = ()
    rows: Sequence[tuple[str, str]] = ()
    days: Sequence[tuple[str, str, bool]] = ()
    dates: str = ""
    hint: str = ""
    is_optional: bool = False


def control_of(
    setting: Parameter, value: str, *, currency: str, suppliers: Mapping[str, str], typed: Texts | None = None
) -> Control:
    """The control of a setting with a stored value in it, or with what was typed."""
    form = setting.form
    made: dict[str, Any] = {
        "unit": unit_of(setting, currency=currency), "hint": form.allowed, "is_optional": form.is_optional,
    }  # fmt: skip
    if form.kind in _NUMBERS:
        return Control("number", _number(form.kind, value, typed), **made, **_bounds(setting))
    if form.kind in {"choice", "flag"}:
        words = _FLAGS if form.kind == "flag" else CHOICES.get(setting.name, {})
        options = [(choice, words.get(choice, choice)) for choice in form.choices]
        return Control("choice", _first(typed, "value", value), options=options, **made)
    if form.kind == "supplier":
        options = sorted(suppliers.items(), key=lambda one: one[1].casefold())
        return Control("choice", _first(typed, "value", value), options=options, **made)
    if form.kind in {"order days", "weekdays"}:
        return _days(form.kind, value, typed, made)
    if form.kind in {"periods", "price breaks"}:
        rows = _typed_rows(typed) if typed else _stored_rows(form.kind, value)
        return Control(form.kind.replace(" ", "-"), value, rows=[*rows, *[("", "")] * _SPARE_ROWS], **made)
    kind = {"date": "date", "product": "product"}.get(form.kind, "text")
    return Control(kind, _first(typed, "value", value), **made)


def text_of(setting: Parameter, texts: Texts) -> str:
    """What the fields of a control say, as a person would type it."""
    kind = setting.form.kind
    if kind in {"order days", "weekdays"}:
        return ",".join(texts("day")) or _first(texts, "dates", "")
    if kind == "periods":
        return "; ".join(f"{begin}..{until or begin}" for begin, until in _typed_rows(texts))
    if kind == "price breaks":
        return "; ".join(f"{units} at {price}" for units, price in _typed_rows(texts))
    text = _first(texts, "value", "")
    return f"{text.removesuffix('%')}%" if kind == "percentage" and text else text


def _first(texts: Texts | None, name: str, missing: str) -> str:
    found = list(texts(name)) if texts else []
    return found[-1].strip() if found else missing


def _number(kind: str, value: str, typed: Texts | None) -> str:
    if typed or not value:
        return _first(typed, "value", "")
    return formats.plain(Decimal(value) * 100) if kind == "percentage" else value


def _bounds(setting: Parameter) -> dict[str, Any]:
    form, times = setting.form, 100 if setting.form.kind == "percentage" else 1
    return {
        "least": "" if form.least is None else formats.plain(form.least * times),
        "most": "" if form.most is None else formats.plain(form.most * times),
        "step": "1" if form.kind == "whole number" else "any",
    }


def _days(kind: str, value: str, typed: Texts | None, made: Mapping[str, Any]) -> Control:
    chosen = set(typed("day")) if typed else {DAYS[day] for day in weekdays_in(value)}
    days = [(short, word, short in chosen) for short, word in zip(DAYS, WEEKDAYS, strict=True)]
    dates = _first(typed, "dates", ", ".join(map(str, dates_in(value))))
    return Control("days" if kind == "order days" else "weekdays", value, days=days, dates=dates, **made)


def _stored_rows(kind: str, value: str) -> list[tuple[str, str]]:
    if kind == "periods":
        return [(begin.isoformat(), until.isoformat()) for begin, until in periods_in(value)]
    parts = (part.partition(" at ") for part in value.split(";") if part.strip())
    return [(units.strip(), price.strip()) for units, _, price in parts]


def _typed_rows(texts: Texts) -> list[tuple[str, str]]:
    """The pairs of the fields `from` and `to` that are not both empty."""
    begins, ends = list(texts("from")), list(texts("to"))
    ends += [""] * (len(begins) - len(ends))
    pairs = zip(begins, ends, strict=False)
    return [(begin.strip(), end.strip()) for begin, end in pairs if begin.strip() or end.strip()]
