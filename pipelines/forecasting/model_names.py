"""The names of forecasts that no model of `models/` made.

What belongs here: names that explanations, plans and exceptions compare with. What does not: the models' own names.
Read more in docs/maths.md.
"""

from typing import Final

OVERRIDDEN: Final = "overridden"
"""A person entered the forecast."""
