"""Settings by name: checking a typed value, and which value is in force for the organisation and for a product.

What belongs here: look-ups and precedence. What does not: the descriptions (`setting_descriptions.py`), where settings
are kept (`pipelines.store.setting_ledger.setting_changes`).
Read more in docs/interfaces.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import polars as pl

from pipelines.errors import UsageError
from pipelines.nearest_names import unknown_name
from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.planning_settings.setting_descriptions import LEVELS, PARAMETERS, Parameter
from pipelines.product_groups.group_settings import first_of_groups
from pipelines.setting_subjects import PRODUCT_IN, SUPPLIER_IN
from pipelines.storage.tables import PLAN_SETTINGS, PLANNING_SETTINGS

BY_DEFAULT: Final = "default"
ASSEMBLED: Final = "assembly"
"""Where the lead time of an assembled bundle comes from: its assembly alone."""
WHOM: Final = {
    "global": "the whole organisation", "supplier": "a supplier", "group": "a group", "product": "a product",
    "product_supplier": "a product of one supplier",
}  # fmt: skip
"""Whom the settings of a level are for."""


class SettingError(UsageError):
    """A setting does not exist, not at this level, or cannot have this value."""


@dataclass(frozen=True)
class GlobalSettings:
    """The settings that hold for the whole organisation."""

    order_policy: OrderPolicy
    overstock_period_days: int
    stale_after_hours: int
    push_status: str
    approval_limit: Decimal | None
    daily_run_at: str
    daily_run_weekdays: str


def known_setting(name: str) -> Parameter:
    """The setting of a name.

    Raises:
        SettingError: there is no such setting.
    """
    parameter = PARAMETERS.get(name)
    if parameter is None:
        raise SettingError(unknown_name("setting", name, PARAMETERS))
    return parameter


def check_name(name: str, level: str) -> Parameter:
    """The setting of a name that can be set at a level.

    Raises:
        SettingError: there is no such setting, or not at this level.
    """
    parameter = known_setting(name)
    if level not in parameter.levels:
        raise SettingError(f"{name} cannot be set for {WHOM[level]}; it can be set at: {', '.join(parameter.levels)}.")
    return parameter


def parse_setting(name: str, text: str, level: str) -> str:
    """A typed value as the stored text.

    >>> parse_setting("service_level", "95%", "product")
    '0.95'

    Raises:
        SettingError: there is no such setting, not at this level, or the value is not allowed.
    """
    parameter = check_name(name, level)
    try:
        return parameter.form.parse(text)
    except ValueError as allowed:
        raise SettingError(f"{name} cannot be {text!r}: give {allowed}.") from None


def with_defaults(explicit: pl.DataFrame) -> pl.DataFrame:
    """The explicit settings, with the default of every setting that is not set for the whole organisation.

    Both frames have the shape of `raw.planning_settings`.
    """
    set_globally = set(explicit.filter(pl.col("level") == "global")["name"].to_list())
    rows = [
        ("global", "", parameter.name, parameter.default, BY_DEFAULT, datetime(1970, 1, 1, tzinfo=UTC))
        for parameter in PARAMETERS.values()
        if parameter.name not in set_globally and parameter.default != ""
    ]
    return pl.concat([explicit, pl.DataFrame(rows, schema=PLANNING_SETTINGS.schema, orient="row")])


def explicit_frame(explicit: Mapping[tuple[str, str, str], str | None]) -> pl.DataFrame:
    """Settings with their defaults, in the shape of `raw.planning_settings`."""
    at = datetime(1970, 1, 1, tzinfo=UTC)
    rows = [(*place, value, "", at) for place, value in explicit.items() if value is not None]
    return with_defaults(pl.DataFrame(rows, schema=PLANNING_SETTINGS.schema, orient="row"))


def global_settings(settings: pl.DataFrame) -> GlobalSettings:
    """The organisation's settings, typed; `settings` has the shape of `raw.planning_settings`."""
    defaults = {name: parameter.default for name, parameter in PARAMETERS.items()}
    found = settings.filter(pl.col("level") == "global")
    values = defaults | dict(zip(found["name"].to_list(), found["value"].to_list(), strict=True))
    return GlobalSettings(
        order_policy=_order_policy(values),
        overstock_period_days=int(values["overstock_period_days"]),
        stale_after_hours=int(values["stale_after_hours"]),
        push_status=values["push_status"],
        approval_limit=Decimal(values["approval_limit"]) if values["approval_limit"] else None,
        daily_run_at=values["daily_run_at"],
        daily_run_weekdays=values["daily_run_weekdays"],
    )


def _order_policy(values: dict[str, Any]) -> OrderPolicy:
    return OrderPolicy(
        measure=values["service_measure"],
        unmet_demand=values["unmet_demand"],
        order_rule=values["order_rule"],
        has_two_levels=values["order_levels"] == "two",
        rounding=values["unit_rounding"],
    )


def settings_of_products(
    products: pl.DataFrame, settings: pl.DataFrame, product_groups: pl.DataFrame | None = None
) -> pl.DataFrame:
    """For every product and setting the value in force and where it comes from: `parameters.plan_settings`.

    The value of a product with the supplier that it is ordered from wins over the product's own, that over its groups'
    (the first group that sets it decides), that over its supplier's, that over the organisation's, that over the
    default. `product_groups` has the shape of its table; without it there are no groups.
    """
    names = pl.DataFrame(
        [(setting.name, setting.default) for setting in PARAMETERS.values() if "product" in setting.levels],
        schema=["name", "default"], orient="row",
    )  # fmt: skip
    found = products.select("product_code", "supplier_id").join(names, how="cross")
    for level, values, keys in _by_level(settings, product_groups):
        found = found.join(values.rename({"value": level}), on=[*keys, "name"], how="left")
    levels = tuple(reversed(LEVELS))
    return found.select(
        "product_code",
        "name",
        value=pl.coalesce(*levels, "default"),
        origin=pl.coalesce(
            *(pl.when(pl.col(level).is_not_null() & ~_is_default(level)).then(pl.lit(level)) for level in levels),
            pl.lit(BY_DEFAULT),
        ),
    ).sort("product_code", "name").cast(PLAN_SETTINGS.schema)  # fmt: skip


def _is_default(level: str) -> pl.Expr:
    """Whether a value of a level is a default that nobody set."""
    return (pl.col("changed_by") == BY_DEFAULT).fill_null(value=False) if level == "global" else pl.lit(value=False)


def _by_level(
    settings: pl.DataFrame, product_groups: pl.DataFrame | None
) -> Iterator[tuple[str, pl.DataFrame, Sequence[str]]]:
    """The values of each level with the columns of a product, besides the name, by which they are found."""
    rows = {level: settings.filter(pl.col("level") == level) for level in LEVELS}
    both = rows["product_supplier"].select(
        "name", "value",
        product_code=pl.col("subject").str.extract(PRODUCT_IN),
        supplier_id=pl.col("subject").str.extract(SUPPLIER_IN),
    )  # fmt: skip
    yield "product_supplier", both, ("product_code", "supplier_id")
    yield "product", rows["product"].select("name", "value", product_code="subject"), ("product_code",)
    yield "group", first_of_groups(rows["group"], product_groups), ("product_code",)
    yield "supplier", rows["supplier"].select("name", "value", supplier_id="subject"), ("supplier_id",)
    yield "global", rows["global"].select("name", "value", "changed_by"), ()


def wide_settings(plan_settings: pl.DataFrame) -> pl.DataFrame:
    """One row per product with the settings that the maths needs, typed; a setting without a value is null.

    An assembled bundle has no lead time but that of its assembly, which is its manufacturing time.
    """
    wide = plan_settings.pivot(on="name", index="product_code", values="value")
    missing = [name for name in PARAMETERS if name not in wide.columns]
    wide = wide.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in missing)
    number = pl.Float64
    return (
        wide.select(
            "product_code",
            pl.col("lead_time_days").cast(pl.Int64),
            pl.col("order_frequency_days").cast(pl.Int64),
            pl.col("manufacturing_time_days").cast(pl.Int64),
            pl.col("forecast_period_days").replace("", None).cast(pl.Int64),
            pl.col("service_level").cast(number),
            pl.col("service_floor").cast(number),
            pl.col("holding_cost_rate").cast(number),
            pl.col("minimum_order_quantity").cast(number),
            pl.col("batch_size").cast(number),
            pl.col("minimum_shelf_level").cast(number),
            pl.col("maximum_shelf_level").replace("", None).cast(number),
            pl.col("overridden_demand").replace("", None).cast(number),
            pl.col("overridden_demand_from").replace("", None).str.to_date(),
            pl.col("overridden_demand_until").replace("", None).str.to_date(),
            pl.col("successor_of").replace("", None),
            pl.col("bundle_of").replace("", None),
            pl.col("like_product").replace("", None),
            pl.col("price_breaks").replace("", None),
            ignore_seasonality=pl.col("ignore_seasonality") == "true",
            lead_time_rule=pl.col("lead_time_rule").fill_null("as_set"),
            service_allocation=pl.col("service_allocation").fill_null("even"),
            is_assembled=is_assembled_bundle(),
        )
        .with_columns(lead_time_days=pl.when("is_assembled").then(0).otherwise("lead_time_days"))
        .join(_origins(plan_settings, "lead_time_days", "lead_time_origin"), on="product_code", how="left")
        .join(_origins(plan_settings, "order_frequency_days", "order_frequency_origin"), on="product_code", how="left")
        .with_columns(
            is_lead_time_set=(pl.col("lead_time_origin") != BY_DEFAULT) & (pl.col("lead_time_rule") == "as_set")
            | pl.col("is_assembled"),
            lead_time_origin=pl.when("is_assembled").then(pl.lit(ASSEMBLED)).otherwise("lead_time_origin"),
        )
        .sort("product_code")
    )


def is_assembled_bundle() -> pl.Expr:
    """Whether a product is a bundle that keeps stock of its own."""
    is_bundle = pl.col("bundle_of").fill_null("") != ""
    return (pl.col("is_assembled") == "true").fill_null(value=False) & is_bundle


def _origins(plan_settings: pl.DataFrame, name: str, column: str) -> pl.DataFrame:
    """At which level a setting of each product was set, as a column."""
    return plan_settings.filter(pl.col("name") == name).select("product_code", pl.col("origin").alias(column))
