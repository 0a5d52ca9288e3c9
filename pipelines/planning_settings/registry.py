"""The settings of the planner, each once: its unit, the levels at which it may be set, its default, its values.

What belongs here: the registry, checking a typed value, and which value is in force for a product.
What does not: where settings are kept (`pipelines.store.setting_changes`).
Read more in docs/interfaces.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import polars as pl

from pipelines.errors import UsageError
from pipelines.nearest_names import unknown_name
from pipelines.planning_settings.mornings import EVERY_DAY, parse_time, parse_weekdays
from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.planning_settings.setting_values import bundle as _bundle
from pipelines.planning_settings.setting_values import choice as _choice
from pipelines.planning_settings.setting_values import code as _code
from pipelines.planning_settings.setting_values import contact as _any_text
from pipelines.planning_settings.setting_values import day as _day
from pipelines.planning_settings.setting_values import order_value as _order_value
from pipelines.planning_settings.setting_values import price as _money
from pipelines.planning_settings.setting_values import quantity as _units
from pipelines.planning_settings.setting_values import share as _share
from pipelines.planning_settings.setting_values import whole as _whole
from pipelines.planning_settings.setting_values import yearly_rate as _yearly_rate
from pipelines.storage.tables import PLAN_SETTINGS, PLANNING_SETTINGS

LEVELS: Final = ("global", "supplier", "product")
BY_DEFAULT: Final = "default"
_EVERYWHERE: Final = ("global", "supplier", "product")
_SUPPLIER: Final = ("supplier",)
_PRODUCT: Final = ("product",)
_GLOBAL: Final = ("global",)
_NOT_SUPPLIER: Final = ("global", "product")


class SettingError(UsageError):
    """A setting does not exist, not at this level, or cannot have this value."""


@dataclass(frozen=True)
class Parameter:
    """A setting; `check` turns a typed value into the stored text, or raises what is allowed."""

    name: str
    unit: str
    levels: tuple[str, ...]
    default: str
    help: str
    check: Callable[[str], str]


PARAMETERS: Final = {
    parameter.name: parameter
    for parameter in (
        Parameter(
            "lead_time_days", "days", _EVERYWHERE, "14", "Order placed to goods usable.", _whole("days", 0, 730)
        ),
        Parameter(
            "lead_time_rule", "choice", _EVERYWHERE, "as_set",
            "as_set: a lead time that a person set is used; learned: the estimate from receipts replaces it.",
            _choice("as_set", "learned"),
        ),
        Parameter(
            "manufacturing_time_days", "days", _PRODUCT, "0", "Added to the lead time.", _whole("days", 0, 730)
        ),
        Parameter(
            "forecast_period_days", "days", _NOT_SUPPLIER, "", "If set, an order covers this many days from today.",
            _whole("days", 1, 1000, is_optional=True),
        ),
        Parameter(
            "order_frequency_days", "days", _EVERYWHERE, "7", "How often orders are placed.", _whole("days", 1, 365)
        ),
        Parameter(
            "service_level", "share", _EVERYWHERE, "0.95",
            "Share of order cycles that should end without a shortage, or of demand served from stock.", _share,
        ),
        Parameter(
            "holding_cost_rate", "share a year", _NOT_SUPPLIER, "0.25",
            "What holding stock costs a year, as a share of its value: capital, space, loss.", _yearly_rate,
        ),
        Parameter(
            "minimum_order_quantity", "units", _PRODUCT, "0", "Fewest units on a line.", _units(least="0")
        ),
        Parameter("batch_size", "units", _PRODUCT, "1", "A line is a multiple of this.", _units(least="0.0001")),
        Parameter(
            "minimum_shelf_level", "units", _PRODUCT, "0", "Fewest units in stock and on order.", _units(least="0")
        ),
        Parameter(
            "maximum_shelf_level", "units", _PRODUCT, "", "Most units in stock and on order.",
            _units(least="0", is_optional=True),
        ),
        Parameter(
            "overridden_demand", "units a day", _PRODUCT, "", "If set, expected demand that replaces the forecast.",
            _units(least="0", is_optional=True),
        ),
        Parameter(
            "overridden_demand_from", "date", _PRODUCT, "", "The first day of the overridden demand; today if not set.",
            _day,
        ),
        Parameter(
            "overridden_demand_until", "date", _PRODUCT, "",
            "Its last day, after which the forecast is used again; open if not set.", _day,
        ),
        Parameter(
            "ignore_seasonality", "flag", _PRODUCT, "false", "Forecast by a model without seasonality.",
            _choice("true", "false"),
        ),
        Parameter(
            "successor_of", "product", _PRODUCT, "", "The predecessor, whose demand counts for this product, if any.",
            str.strip,
        ),
        Parameter(
            "bundle_of", "products", _PRODUCT, "",
            "The parts of a bundle with their units, such as CUP:2; TEA:1.", _bundle,
        ),
        Parameter("preferred_supplier", "contact", _PRODUCT, "", "The supplier to order from.", _any_text),
        Parameter(
            "minimum_order_value", "money", _SUPPLIER, "",
            "The least value of a whole order, in its currency; a smaller order waits for a person.", _order_value,
        ),
        Parameter(
            "supplier_product_code", "text", _PRODUCT, "", "The supplier's own product code, shown on orders.", _code
        ),
        Parameter("unit_cost", "money", _PRODUCT, "", "Price of a unit, in the supplier's currency.", _money),
        Parameter(
            "discontinued", "flag", _PRODUCT, "false", "Out of the plan for good.", _choice("true", "false")
        ),
        Parameter("unstocked", "flag", _PRODUCT, "false", "No stock is kept of the product.", _choice("true", "false")),
        Parameter(
            "service_measure", "choice", _GLOBAL, "cycle",
            "What the service level is a share of: order cycles, or demand (fill rate).", _choice("cycle", "fill"),
        ),
        Parameter(
            "unmet_demand", "choice", _GLOBAL, "lost",
            "What happens to demand without stock: it is lost, or backordered.", _choice("lost", "backordered"),
        ),
        Parameter(
            "order_rule", "choice", _GLOBAL, "projected",
            "What an order is decided on: stock projected to its arrival, or the stock position.",
            _choice("projected", "position"),
        ),
        Parameter(
            "order_levels", "choice", _GLOBAL, "two",
            "two: an order waits until the stock-out risk is twice the target; one: it does not wait.",
            _choice("two", "one"),
        ),
        Parameter(
            "on_order_rule", "choice", _GLOBAL, "delivery_date",
            "Which open orders count: by their delivery date, or all without a bill that delivers them.",
            _choice("delivery_date", "unbilled"),
        ),
        Parameter(
            "returns_handling", "choice", _GLOBAL, "net",
            "Negative lines of sales invoices: net (returns that cancel earlier sales) or ignore.",
            _choice("net", "ignore"),
        ),
        Parameter(
            "overstock_period_days", "days", _GLOBAL, "90", "Stock for longer than this is overstock.",
            _whole("days", 0, 3650),
        ),
        Parameter(
            "stale_after_hours", "hours", _GLOBAL, "36", "Data older than this are stale.", _whole("hours", 1, 8760)
        ),
        Parameter(
            "push_status", "choice", _GLOBAL, "DRAFT", "The status that orders get in Xero.",
            _choice("DRAFT", "SUBMITTED", "AUTHORISED"),
        ),
        Parameter(
            "daily_run_at", "local time", _GLOBAL, "05:00",
            "When the daily run begins, in the organisation's own time zone; or off.", parse_time,
        ),
        Parameter(
            "daily_run_weekdays", "days", _GLOBAL, EVERY_DAY, "On which days of the week it begins.", parse_weekdays
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class GlobalSettings:
    """The settings that hold for the whole organisation."""

    order_policy: OrderPolicy
    overstock_period_days: int
    stale_after_hours: int
    push_status: str
    daily_run_at: str
    daily_run_weekdays: str


def check_name(name: str, level: str) -> Parameter:
    """The setting of a name that can be set at a level.

    Raises:
        SettingError: there is no such setting, or not at this level.
    """
    parameter = PARAMETERS.get(name)
    if parameter is None:
        raise SettingError(unknown_name("setting", name, PARAMETERS))
    if level not in parameter.levels:
        raise SettingError(f"{name} cannot be set for a {level}; it can be set at: {', '.join(parameter.levels)}.")
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
        return parameter.check(text)
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
        daily_run_at=values["daily_run_at"],
        daily_run_weekdays=values["daily_run_weekdays"],
    )


def _order_policy(values: dict[str, Any]) -> OrderPolicy:
    return OrderPolicy(
        measure=values["service_measure"],
        unmet_demand=values["unmet_demand"],
        order_rule=values["order_rule"],
        has_two_levels=values["order_levels"] == "two",
    )


def settings_of_products(products: pl.DataFrame, settings: pl.DataFrame) -> pl.DataFrame:
    """For every product and setting the value in force and where it comes from: `parameters.plan_settings`.

    A product's own value wins over its supplier's, that over the organisation's, that over the default.
    """
    names = pl.DataFrame(
        [(setting.name, setting.default) for setting in PARAMETERS.values() if "product" in setting.levels],
        schema=["name", "default"], orient="row",
    )  # fmt: skip
    wanted = products.select("product_code", "supplier_id").join(names, how="cross")
    by_level = {level: settings.filter(pl.col("level") == level) for level in LEVELS}
    found = (
        wanted.join(_subject(by_level["product"], "product_code", "own"), on=["product_code", "name"], how="left")
        .join(_subject(by_level["supplier"], "supplier_id", "theirs"), on=["supplier_id", "name"], how="left")
        .join(by_level["global"].select("name", of_all="value", changed_by="changed_by"), on="name", how="left")
    )
    set_for_all = pl.when(pl.col("changed_by") == BY_DEFAULT).then(None).otherwise(pl.col("of_all"))
    return found.select(
        "product_code",
        "name",
        value=pl.coalesce("own", "theirs", "of_all", "default"),
        origin=pl.when(pl.col("own").is_not_null()).then(pl.lit("product"))
        .when(pl.col("theirs").is_not_null()).then(pl.lit("supplier"))
        .when(set_for_all.is_not_null()).then(pl.lit("global"))
        .otherwise(pl.lit(BY_DEFAULT)),
    ).sort("product_code", "name").cast(PLAN_SETTINGS.schema)  # fmt: skip


def wide_settings(plan_settings: pl.DataFrame) -> pl.DataFrame:
    """One row per product with the settings that the maths needs, typed; a setting without a value is null."""
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
            ignore_seasonality=pl.col("ignore_seasonality") == "true",
            lead_time_rule=pl.col("lead_time_rule").fill_null("as_set"),
        )
        .join(_origins_of_lead_time(plan_settings), on="product_code", how="left")
        .with_columns(
            is_lead_time_set=(pl.col("lead_time_origin") != BY_DEFAULT) & (pl.col("lead_time_rule") == "as_set")
        )
        .sort("product_code")
    )


def _origins_of_lead_time(plan_settings: pl.DataFrame) -> pl.DataFrame:
    """At which level the lead time of each product was set."""
    return plan_settings.filter(pl.col("name") == "lead_time_days").select("product_code", lead_time_origin="origin")


def _subject(settings: pl.DataFrame, subject: str, value: str) -> pl.DataFrame:
    return settings.select(pl.col("subject").alias(subject), "name", pl.col("value").alias(value))
