"""What `static/plots.js` draws: lines over weeks.

What belongs here: the form of a picture. What does not: which numbers.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any


def seconds(day: date) -> int:
    """A day as seconds since 1970, as charts count.

    >>> seconds(date(1970, 1, 2))
    86400
    """
    return (day - date(1970, 1, 1)).days * 86_400


def weeks_picture(
    days: Sequence[date],
    lines: Mapping[str, tuple[str, Sequence[float | None]]],
    *,
    y_label: str,
    is_share: bool = False,
) -> dict[str, Any]:
    """Lines by day, each under its key with its label and a value for every day."""
    return {
        "time": True, "x": [seconds(day) for day in days], "yLabel": y_label, "y": "share" if is_share else "amount",
        "series": [{"key": key, "label": label, "values": list(values)} for key, (label, values) in lines.items()],
    }  # fmt: skip
