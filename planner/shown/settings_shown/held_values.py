"""What holds before and after a change of one setting, with the level that each value comes from.

What belongs here: the two values in words. What does not: the list of settings (`level_page.py`).
"""

from typing import Final

from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
from pipelines.planning_settings.setting_words import value_in_words
from pipelines.setting_subjects import product_in, supplier_in
from planner.shown.settings_shown.level_page import Scope, in_force

_FROM: Final = {
    "default": "the default", "global": "of all products", "supplier": "of the supplier", "group": "of a group",
    "product": "of the product",
}  # fmt: skip


def before_and_after(
    now: OrganisationSettings, level: str, subject: str, name: str, after: str | None, *, currency: str
) -> tuple[str, str]:
    """What holds now, and what would; `after` is the value that would be set there, None: not set any more."""
    held = _held(now, level, subject, name)
    below = [(one, value) for one, value in held if one != level]
    then = (level, after) if after is not None else next(iter(below), ("", None))

    def words(found: tuple[str, str | None]) -> str:
        value = value_in_words(name, found[1], now.names, currency=currency)
        return f"{value} ({_FROM[found[0]]})" if found[0] != level and found[0] in _FROM else value

    return words(next(iter(held), ("", None))), words(then)


def _held(now: OrganisationSettings, level: str, subject: str, name: str) -> list[tuple[str, str]]:
    """The values of a setting for whom it is, the one in force first: the level of each, and the stored value."""
    if level == "product_supplier":
        rows = now.of_product(product_in(level, subject), supplier_id=supplier_in(level, subject))
    else:
        rows = list(in_force(now, Scope(level, subject, "")))
    row = next(row for row in rows if row.setting.name == name)
    order = [row.origin, *(one for one in row.levels if one != row.origin)]
    return [(one, value) for one in order if (value := row.levels[one]) is not None]
