"""Whether a product's setting fits the products that there are and what else is set.

What belongs here: refusing, in one sentence, a setting without effect or with a cycle of demand. What does not: the
allowed values of a setting by itself (`registry.py`).
Read more in docs/interfaces.md.
"""

from collections.abc import Collection, Mapping
from typing import Final

import polars as pl

from pipelines.planning_settings.registry import SettingError
from pipelines.planning_settings.successors_and_bundles import parts_of
from pipelines.product_codes import known_product

_DAYS: Final = ("overridden_demand_from", "overridden_demand_until")


def fit_setting(name: str, value: str, product_code: str, *, products: Collection[str], explicit: pl.DataFrame) -> str:
    """A product's setting as it is stored, with the codes as Xero writes them.

    `value` is a result of `parse_setting`; `explicit` has the shape of `raw.planning_settings`.

    Raises:
        UsageError: it names an unknown product, itself, or one whose demand comes back to it; or the days of an
            override end before they begin.
    """
    rest = explicit.filter(pl.col("level") == "product", pl.col("value") != "").filter(
        (pl.col("subject") != product_code) | (pl.col("name") != name)
    )
    if name in _DAYS and value:
        own = rest.filter(pl.col("subject") == product_code)
        _check_days(dict(own.select("name", "value").rows()) | {name: value}, name)
    if name == "successor_of" and value:
        old = known_product(products, value)
        _check_way(_heirs(rest), name, product_code, by=product_code, back_to=old)
        return old
    if name == "bundle_of" and value:
        parts = [(known_product(products, code), units) for code, units in parts_of(value)]
        heirs = _heirs(rest)
        for code, _ in parts:
            _check_way(heirs, name, product_code, by=code, back_to=product_code)
        return "; ".join(f"{code}:{units}" for code, units in parts)
    return value


def _check_days(days: Mapping[str, str], name: str) -> None:
    begin, end = (days.get(bound, "") for bound in _DAYS)
    if begin and end and begin > end:
        (bound,) = set(_DAYS) - {name}
        raise SettingError(
            f"{name} cannot be {days[name]}, as {bound} is {days[bound]}: the override would end before it begins."
        )


def _check_way(heirs: Mapping[str, Collection[str]], name: str, product_code: str, *, by: str, back_to: str) -> None:
    """Refuse a setting by which demand of `back_to` counts for `by` if that of `by` leads to `back_to`."""
    way = _way(heirs, by, back_to)
    if len(way) == 1:
        raise SettingError(f"{name} of {product_code} cannot name {product_code} itself.")
    if way:
        raise SettingError(
            f"{name} of {product_code} would lead demand in a circle: what is sold of {by} counts for "
            f"{', that for '.join(way[1:])}."
        )


def _heirs(explicit: pl.DataFrame) -> dict[str, list[str]]:
    """The products for which the demand of each product is set to count."""
    heirs: dict[str, list[str]] = {}
    for name, subject, value in explicit.sort("subject", "name").select("name", "subject", "value").rows():
        if name == "successor_of":
            heirs.setdefault(value, []).append(subject)
        elif name == "bundle_of":
            heirs.setdefault(subject, []).extend(code for code, _ in parts_of(value))
    return heirs


def _way(heirs: Mapping[str, Collection[str]], start: str, end: str) -> list[str]:
    """The shortest way of demand from a product to another, with both; empty if there is none."""
    ways, seen = [[start]], {start}
    for way in ways:
        if way[-1] == end:
            return way
        for heir in heirs.get(way[-1], ()):
            if heir not in seen:
                seen.add(heir)
                ways.append([*way, heir])
    return []
