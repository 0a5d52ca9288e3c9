"""Values of settings as a buyer reads them: "21 days", "95%", "Mondays and Thursdays".

What belongs here: stored text to words. What does not: reading what a person typed (`setting_values.py`).
Read more in docs/buyer/settings.md.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from pipelines.planning_settings.mornings import DAYS, EVERY_DAY
from pipelines.planning_settings.setting_descriptions import PARAMETERS, Parameter
from pipelines.planning_settings.setting_topics import CHOICES, LABELS
from pipelines.planning_settings.setting_values import CENT
from pipelines.planning_settings.supplier_terms.calendar_words import Period, periods_in, weekdays_in

NOT_SET: Final = "not set"
NO_VALUE: Final = "none"
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_UNITS: Final = frozenset({"days", "units", "units a day", "hours"})
_OF_SUPPLIER: Final = frozenset({"unit_cost", "price_breaks", "minimum_order_value"})
_LONGEST_FIRST: Final = sorted((name for name in LABELS if "_" in name), key=len, reverse=True)
_NAMES: Final = re.compile(rf"\b(?:{'|'.join(_LONGEST_FIRST)})\b")


def unit_of(setting: Parameter, *, currency: str = "") -> str:
    """The unit that stands beside a value; of money the organisation's currency, or whose currency it is.

    >>> unit_of(PARAMETERS["lead_time_days"]), unit_of(PARAMETERS["service_level"]), unit_of(PARAMETERS["unit_cost"])
    ('days', '%', "in the supplier's currency")
    """
    if setting.unit in _UNITS:
        return setting.unit
    if setting.unit.startswith("share"):
        return "%" + setting.unit.removeprefix("share")
    if setting.unit == "money":
        return "in the supplier's currency" if setting.name in _OF_SUPPLIER else currency
    return ""


def value_in_words(name: str, value: str | None, names: Mapping[str, str], *, currency: str = "") -> str:
    """A value for a person. `names` are those of suppliers by id; `currency` is the organisation's.

    >>> value_in_words("lead_time_days", "1", {}), value_in_words("service_level", "0.975", {})
    ('1 day', '97.5%')
    >>> value_in_words("order_days", "mon,thu", {}), value_in_words("order_days", "1st,15th", {})
    ('Mondays and Thursdays', '1st and 15th of the month')
    """
    if value is None:
        return NOT_SET
    setting = PARAMETERS.get(name)
    if setting is None:
        return value
    if not value:
        return "any day" if name == "order_days" else NO_VALUE
    in_words: Mapping[str, Callable[[str], str]] = {
        "flag": lambda text: "yes" if text == "true" else "no",
        "choice": lambda text: CHOICES.get(name, {}).get(text, text),
        "supplier": lambda text: names.get(text, text),
        "order days": _days_in_words,
        "weekdays": _days_in_words,
        "periods": lambda text: "; ".join(map(_period_in_words, periods_in(text))),
        "date": lambda text: _day(date.fromisoformat(text)),
    }
    found = in_words.get(setting.form.kind)
    return found(value) if found else _number_in_words(setting, value, currency)


def meaning_in_words(setting: Parameter) -> str:
    """The meaning of a setting with the words of its choices instead of what is stored.

    >>> meaning_in_words(PARAMETERS["lead_time_rule"])[:55]
    '“the one that is set”: a lead time that a person set is'
    """
    return _with_choices(setting, setting.help)


def effect_in_words(setting: Parameter) -> str:
    """What a setting does to a plan, with the words of its choices.

    >>> effect_in_words(PARAMETERS["order_levels"])
    'With “never” there are more and smaller orders.'
    """
    return _with_choices(setting, setting.effect)


def _with_choices(setting: Parameter, sentence: str) -> str:
    for code, words in CHOICES.get(setting.name, {}).items():
        stored = rf"(?:\b{code}(?=:)|(?<=[Ww]ith ){code}\b|(?<= and ){code}(?= an order))"
        sentence = re.sub(stored, f"“{words}”", sentence)
    return sentence


def plain_names(sentence: str) -> str:
    """A sentence with the labels of settings for their names.

    >>> plain_names("overridden_demand_from cannot be 2026-01-02.")
    'Overridden demand from cannot be 2026-01-02.'
    """
    return _NAMES.sub(lambda found: LABELS[found[0]], sentence)


def _number_in_words(setting: Parameter, value: str, currency: str) -> str:
    unit = unit_of(setting, currency=currency)
    if not unit or setting.form.kind not in {"whole number", "number", "money", "percentage"}:
        return value
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    if unit.startswith("%"):
        return f"{_plain(number * 100)}{unit}"
    if setting.unit == "money":
        amount = f"{_money(number):,f}"
        return f"{amount} {unit}" if unit == currency else amount
    return f"{_plain(number)} {unit.removesuffix('s') if number == 1 and unit in {'days', 'units', 'hours'} else unit}"


def _money(number: Decimal) -> Decimal:
    """An amount with two decimals, or with all that it has if they are more."""
    rounded = number.quantize(CENT)
    return rounded if rounded == number else number


def _plain(number: Decimal) -> str:
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _days_in_words(value: str) -> str:
    if value == EVERY_DAY:
        return "every day"
    weekdays = weekdays_in(value)
    if not weekdays:
        return f"{_listed(value.split(','))} of the month"
    if value == ",".join(DAYS[:5]):
        return "Monday to Friday"
    return _listed(f"{WEEKDAYS[day]}s" for day in weekdays)


def _period_in_words(period: Period) -> str:
    begin, until = period
    return _day(begin) if begin == until else f"{_day(begin)} to {_day(until)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _listed(words: Iterable[str]) -> str:
    *before, last = words
    return f"{', '.join(before)} and {last}" if before else last
