"""Units as they stand in sentences: exact ones, and those that are estimated.

What belongs here: numbers to words. What does not: the sentences.
Read more in docs/maths.md.
"""

from typing import Final

_LARGE: Final = 100
_WHOLE: Final = 1


def in_units(quantity: float) -> str:
    """A quantity as a person writes it: at most four decimals, without trailing zeros.

    >>> in_units(1234567.5), in_units(12.0), in_units(0.1 + 0.2)
    ('1,234,567.5', '12', '0.3')
    """
    return f"{round(quantity, 4) + 0.0:,.4f}".rstrip("0").rstrip(".")


def about_units(quantity: float) -> str:
    """A quantity that is estimated: no decimals if it is large, one from one unit on, two of less.

    >>> about_units(147.1811), about_units(7.02), about_units(0.034), about_units(0.0)
    ('147', '7', '0.03', '0')
    """
    size = abs(quantity)
    return in_units(round(quantity, 0 if size >= _LARGE else 1 if size >= _WHOLE else 2))
