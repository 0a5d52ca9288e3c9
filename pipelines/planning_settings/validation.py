"""Whether products' settings fit each other: no demand that leads in a circle, no override that ends before it begins.

What belongs here: what does not fit, in one sentence each. What does not: the allowed values of a setting by itself
(`setting_values.py`), finding products and suppliers (`requested_settings.py`).
Read more in docs/interfaces.md.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from pipelines.planning_settings.demand_settings.bundle_parts import parts_of
from pipelines.planning_settings.demand_settings.like_product import like_of

_DAYS: Final = ("overridden_demand_from", "overridden_demand_until")
LIKE_PRODUCT: Final = "like_product"
_TRANSFERS: Final = ("successor_of", "bundle_of")


class OwnSetting(NamedTuple):
    """A setting of a product."""

    product_code: str
    name: str


def misfits(values: Mapping[OwnSetting, str], changed: Iterable[OwnSetting]) -> Iterator[tuple[OwnSetting, str]]:
    """The changed settings that do not fit, each with a sentence.

    `values` are the settings of all products after the change, with the codes as Xero writes them.
    """
    wanted = [setting for setting in changed if values.get(setting)]
    for setting in wanted:
        if setting.name in _DAYS and (problem := _days_problem(values, setting)):
            yield setting, problem
        if setting.name == LIKE_PRODUCT and (problem := _like_problem(values, setting)):
            yield setting, problem
    if not any(setting.name in _TRANSFERS for setting in wanted):
        return
    heirs = _heirs(values)
    endless = _leading_to_circles(heirs)
    for setting in wanted:
        if setting.name in _TRANSFERS and (problem := _circle_problem(heirs, endless, setting, values[setting])):
            yield setting, problem


def _like_problem(values: Mapping[OwnSetting, str], setting: OwnSetting) -> str:
    """What is wrong with a product that is like another one: itself, or one of a chain."""
    code, (other, _) = setting.product_code, like_of(values[setting])
    if other == code:
        return f"{LIKE_PRODUCT} of {code} cannot name {code} itself."
    if further := values.get(OwnSetting(other, LIKE_PRODUCT)):
        return f"{other} is itself forecast like {like_of(further)[0]}: name that product instead."
    like_it = sorted(
        one.product_code for one, value in values.items() if one.name == LIKE_PRODUCT and value
        and like_of(value)[0] == code
    )  # fmt: skip
    if like_it:
        return f"{like_it[0]} is forecast like {code}, which needs sales of its own: change that first."
    return ""


def _days_problem(values: Mapping[OwnSetting, str], setting: OwnSetting) -> str:
    days = {bound: values.get(OwnSetting(setting.product_code, bound), "") for bound in _DAYS}
    begin, end = days.values()
    if not (begin and end and begin > end):
        return ""
    (bound,) = set(_DAYS) - {setting.name}
    return (
        f"{setting.name} cannot be {days[setting.name]}, as {bound} is {days[bound]}: "
        f"the override would end before it begins."
    )


def _circle_problem(
    heirs: Mapping[str, Collection[str]], endless: Collection[str], setting: OwnSetting, value: str
) -> str:
    """What is wrong with a setting by which the demand of a product would come back to it; empty if nothing is."""
    code = setting.product_code
    steps = [(code, value)] if setting.name == "successor_of" else [(part, code) for part, _ in parts_of(value)]
    for by, back_to in steps:
        way = _way(heirs, by, back_to) if by in endless else []
        if len(way) == 1:
            return f"{setting.name} of {code} cannot name {code} itself."
        if way:
            return (
                f"{setting.name} of {code} would lead demand in a circle: what is sold of {by} counts for "
                f"{', that for '.join(way[1:])}."
            )
    return ""


def _heirs(values: Mapping[OwnSetting, str]) -> dict[str, list[str]]:
    """The products for which the demand of each product is set to count."""
    heirs: dict[str, list[str]] = defaultdict(list)
    transfers = sorted(item for item in values.items() if item[0].name in _TRANSFERS and item[1])
    for (product_code, name), value in transfers:
        if name == "successor_of":
            heirs[value].append(product_code)
        else:
            heirs[product_code].extend(code for code, _ in parts_of(value))
    return dict(heirs)


def _leading_to_circles(heirs: Mapping[str, Collection[str]]) -> set[str]:
    """The products whose demand can lead to a circle: what is left after those whose demand ends somewhere."""
    predecessors: dict[str, list[str]] = defaultdict(list)
    for code, following in heirs.items():
        for heir in following:
            predecessors[heir].append(code)
    open_ways = {code: len(following) for code, following in heirs.items()}
    ended = [code for code in predecessors if not open_ways.get(code)]
    for code in ended:
        for before in predecessors[code]:
            open_ways[before] -= 1
            if not open_ways[before]:
                ended.append(before)
    return {code for code, ways in open_ways.items() if ways}


def _way(heirs: Mapping[str, Collection[str]], start: str, end: str) -> list[str]:
    """The shortest way of demand from a product to another, with both; empty if there is none."""
    came_from: dict[str, str] = {start: ""}
    waiting = [start]
    for code in waiting:
        if code == end:
            return _steps_to(end, came_from)
        for heir in heirs.get(code, ()):
            if heir not in came_from:
                came_from[heir] = code
                waiting.append(heir)
    return []


def _steps_to(end: str, came_from: Mapping[str, str]) -> list[str]:
    steps = [end]
    while came_from[steps[-1]]:
        steps.append(came_from[steps[-1]])
    return steps[::-1]
