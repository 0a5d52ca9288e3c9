"""The form of a whole column: the forms that fit every value, the first conflict, the first ambiguous value.

A value is given as its readings, a mapping of form to value: 3/4/2025 is {"dmy": 3 April, "mdy": 4 March}.
What belongs here: rules that dates and numbers share. What does not: their forms.
Read more in docs/sales_files.md.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

Value = TypeVar("Value")


def shared_forms(readings: Sequence[Mapping[str, Value]], forms: Sequence[str]) -> list[str]:
    """The forms that fit every value.

    >>> shared_forms([{"dmy": 1, "mdy": 2}, {"dmy": 3}], ["dmy", "mdy"])
    ['dmy']
    """
    return [form for form in forms if all(form in reading for reading in readings)]


def first_conflict(readings: Sequence[Mapping[str, Value]], forms: Sequence[str]) -> int:
    """The position of the first value after which no form fits all values.

    >>> first_conflict([{"dmy": 1, "mdy": 2}, {"dmy": 3}, {"mdy": 4}], ["dmy", "mdy"])
    2
    """
    left = set(forms)
    for position, reading in enumerate(readings):
        left &= set(reading)
        if not left:
            return position
    raise ValueError("Some form reads every value.")


def first_difference(readings: Sequence[Mapping[str, Value]], forms: Sequence[str]) -> int | None:
    """The position of the first value that two of the forms read differently; None if all agree.

    >>> first_difference([{"dmy": 1, "mdy": 1}, {"dmy": 2, "mdy": 3}], ["dmy", "mdy"])
    1
    """
    for position, reading in enumerate(readings):
        if len({reading[form] for form in forms}) > 1:
            return position
    return None
