"""The order plan: every product once, with a quantity or one reason for none, and the bridge that adds up.

What belongs here: joining stock, forecast and settings. What does not: the order decision (`order_decision.py`), the
limits (`order_limits.py`), minimums of suppliers and the spend cap (`supplier_orders`), the status of a line
(`line_status.py`), the sums of the plan (`plan_summary.py`).

    net requirement = demand before arrival + demand in the coverage period + safety stock - on hand + allocated
                      + required by assemblies - on order arriving in time - demand lost before arrival
                      + timing adjustment

Read more in docs/maths.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Final

import polars as pl

from pipelines.forecasting.calendar_intervals import Calendars
from pipelines.forecasting.forecast_tables import Forecast
from pipelines.forecasting.history.demand_matrix import is_quantity
from pipelines.forecasting.model_names import OVERRIDDEN
from pipelines.forecasting.protection_intervals import expected_intervals
from pipelines.planning_settings.demand_settings.assemblies import assemblies_of
from pipelines.planning_settings.registry import GlobalSettings, global_settings, wide_settings
from pipelines.planning_settings.successors_and_bundles import transfers_of
from pipelines.planning_settings.supplier_terms.supplier_calendar import calendars_by_supplier
from pipelines.product_groups.group_settings import groups_that_set
from pipelines.replenishment.decision.available_stock import available_stock
from pipelines.replenishment.decision.decision_inputs import (
    arrivals_on_order,
    counted_arrivals,
    decision_table,
    distribution_of,
    prepare_inputs,
    without_minus_nothing,
)
from pipelines.replenishment.decision.order_decision import DecisionInputs, decide
from pipelines.replenishment.lead_time_advice import advise_lead_times
from pipelines.replenishment.plan.assembly import (
    requirements_by_level,
    with_actions,
    with_assemblies,
    with_parts_on_hand,
)
from pipelines.replenishment.plan.line_status import exclusion, is_ordered, with_dates, with_money, with_status
from pipelines.replenishment.plan.order_days import with_order_days
from pipelines.replenishment.plan.order_limits import with_limits
from pipelines.replenishment.plan.order_price import with_order_price
from pipelines.replenishment.plan.reasons import PLANNED_ELSEWHERE
from pipelines.replenishment.planning_parameters import PlanningParameters
from pipelines.replenishment.service_allocation.allocated_levels import allocated_levels, pools_of
from pipelines.replenishment.service_allocation.allocation_words import ALLOCATION
from pipelines.replenishment.supplier_orders.kept_drafts import with_kept_prices
from pipelines.replenishment.supplier_orders.money_rules import MoneyRules, money_rules
from pipelines.replenishment.supplier_orders.order_tables import with_order_values
from pipelines.replenishment.supplier_orders.product_money import PathSource
from pipelines.replenishment.supplier_orders.with_money_rules import MoneyPlan, with_money_rules
from pipelines.storage.tables import KEPT_ORDER_LINES, ORDER_ADJUSTMENTS, ORDER_PLAN, SUPPLIER_ORDERS, empty

SEED: Final = 0
_STOCK: Final = ("stock_on_hand", "stock_committed")
_ESTIMATES: Final = (
    "product_code", "expected_lead_time_days", "lead_time_deviation_days", "product_receipts", "supplier_receipts",
    "observed_lead_time_days",
)  # fmt: skip


@dataclass(frozen=True)
class PlanInputs:
    """What a plan is made from beside the planning parameters and the forecast, each frame in its table's shape."""

    products: pl.DataFrame
    stock_position: pl.DataFrame
    stock_on_order: pl.DataFrame
    planning_settings: pl.DataFrame
    kept_order_lines: pl.DataFrame = field(default_factory=lambda: empty(KEPT_ORDER_LINES))

    @property
    def that_count(self) -> dict[str, pl.DataFrame]:
        """The frames that name a plan; without kept drafts it has the name that it had before they were counted."""
        return {name: frame for name, frame in vars(self).items() if name != "kept_order_lines" or frame.height}


@dataclass(frozen=True)
class PlanTables:
    """A plan, the orders by supplier, what the rules of money changed, and advice on lead times: tables of `plan`."""

    order_plan: pl.DataFrame
    supplier_orders: pl.DataFrame
    order_adjustments: pl.DataFrame
    lead_time_advice: pl.DataFrame


@dataclass(frozen=True)
class _Basis:
    """What every decision of a plan is made from; what follows from it is worked out once."""

    inputs: PlanInputs
    parameters: PlanningParameters
    forecast: Forecast
    as_of: date

    @cached_property
    def of_all(self) -> GlobalSettings:
        return global_settings(self.inputs.planning_settings)

    @cached_property
    def settings(self) -> pl.DataFrame:
        return wide_settings(self.parameters.plan_settings)

    @cached_property
    def transfers(self) -> pl.DataFrame:
        return transfers_of(self.settings)

    @cached_property
    def calendars(self) -> Calendars:
        return calendars_by_supplier(self.parameters.supplier_calendars, as_of=self.as_of)

    @cached_property
    def service_levels(self) -> pl.DataFrame:
        """The service level by which each product is decided, with the one that is set: `allocated_levels`."""
        intervals = expected_intervals(self.parameters.protection_intervals)
        cost = pl.col("unit_cost").cast(pl.Float64) / pl.col("currency_rate").cast(pl.Float64)
        setters = groups_that_set(ALLOCATION, self.inputs.planning_settings, self.parameters.product_groups)
        products = (
            self.inputs.products.join(self.settings, on="product_code")
            .join(intervals, on="product_code", how="left", maintain_order="left")
            .with_columns(
                unit_cost=cost, margin=pl.col("sales_unit_price").cast(pl.Float64) - cost,
                is_planned=pl.col("is_tracked") & ~pl.col("is_discontinued") & ~pl.col("is_unstocked"),
            )
            .pipe(pools_of, self.parameters.plan_settings, setters)
        )  # fmt: skip
        distribution = distribution_of(self.forecast)
        return allocated_levels(products, distribution, self.of_all.order_policy, seed=SEED)

    @cached_property
    def on_order(self) -> pl.DataFrame:
        """The open order lines whose quantity can be read, with the day on which each is expected."""
        lines, intervals = self.inputs.stock_on_order, self.parameters.protection_intervals
        return arrivals_on_order(lines.filter(_is_readable()), intervals, as_of=self.as_of, calendars=self.calendars)


def _is_readable() -> pl.Expr:
    return is_quantity("quantity").fill_null(value=True)


def make_plan(
    inputs: PlanInputs, parameters: PlanningParameters, forecast: Forecast, *, as_of: date, plan_id: str,
    budget: str = "",
) -> PlanTables:  # fmt: skip
    """The plan of every product, by product code; a `budget` replaces the spend cap of the settings for this plan.

    Bundles that are assembled are decided before their parts.

    Raises:
        SettingError: the budget is no amount of money.
    """
    rules = money_rules(inputs.planning_settings, budget=budget)
    named = {"as_of_date": pl.lit(as_of), "plan_id": pl.lit(plan_id)}
    basis = _Basis(inputs, parameters, forecast, as_of)
    assemblies = assemblies_of(basis.settings, basis.transfers)

    def decide_products(codes: Sequence[str], required: pl.DataFrame) -> pl.DataFrame:
        chosen = inputs.products.filter(pl.col("product_code").is_in(list(codes)))
        return _with_own_limits(basis, chosen, required)[0]

    required = requirements_by_level(assemblies, expected_intervals(parameters.protection_intervals), decide_products)
    planned = _order_plan(basis, rules, required)
    order_plan = with_parts_on_hand(_in_shape(planned.lines.with_columns(**named)), assemblies)
    return PlanTables(
        order_plan,
        planned.supplier_orders.with_columns(**named).select(list(SUPPLIER_ORDERS.columns)),
        planned.order_adjustments.with_columns(**named).select(list(ORDER_ADJUSTMENTS.columns)),
        advise_lead_times(order_plan, parameters.lead_time_estimates),
    )


def _in_shape(lines: pl.DataFrame) -> pl.DataFrame:
    return (
        lines.select(list(ORDER_PLAN.columns))
        .cast(ORDER_PLAN.schema)
        .with_columns(without_minus_nothing())
        .sort("product_code")
    )


def _order_plan(basis: _Basis, rules: MoneyRules, required: pl.DataFrame) -> MoneyPlan:
    of_all, calendars, as_of = basis.of_all, basis.calendars, basis.as_of
    limited, decision_inputs = _with_own_limits(basis, basis.inputs.products, required)
    planned = with_money_rules(
        limited, PathSource(decision_inputs, of_all.order_policy), rules, as_of=as_of,
        overstock_period_days=of_all.overstock_period_days, kept=basis.inputs.kept_order_lines, calendars=calendars,
    )  # fmt: skip
    lines = (
        planned.lines.pipe(with_actions)
        .pipe(with_status, of_all)
        .pipe(with_dates, as_of, calendars)
        .pipe(with_money)
        .with_columns(as_of_date=pl.lit(as_of))
        .pipe(with_order_price, longest_days=of_all.overstock_period_days)
        .pipe(with_kept_prices)
    )
    return replace(planned, lines=lines, supplier_orders=with_order_values(planned.supplier_orders, lines))


def _with_own_limits(
    basis: _Basis, products: pl.DataFrame, required: pl.DataFrame
) -> tuple[pl.DataFrame, DecisionInputs]:
    """The decision on each of some products after its own limits, and what it was made from.

    `required` is what assemblies require of the products (`assembly.REQUIREMENTS`).
    """
    inputs, forecast, as_of = basis.inputs, basis.forecast, basis.as_of
    intervals = basis.parameters.protection_intervals
    estimates = basis.parameters.lead_time_estimates.select(list(_ESTIMATES))
    of_faults = inputs.stock_on_order.filter(~_is_readable())["product_code"]
    is_bought = ~pl.col("is_assembled").fill_null(value=False)
    known = (
        products.join(basis.settings.drop("service_level"), on="product_code", how="left")
        .join(basis.service_levels, on="product_code", how="left")
        .with_columns(pl.when(is_bought).then(name).name.keep() for name in ("supplier_id", "supplier_name"))
        .join(estimates, on="product_code", how="left")
        .join(expected_intervals(intervals).drop("arrival_day"), on="product_code", how="left")
        .pipe(with_order_days, intervals, basis.calendars, as_of)
        .join(inputs.stock_position.drop("stock_on_order", "stock_position"), on="product_code", how="left")
        .join(required, on="product_code", how="left")
        .with_columns(
            pl.col("assembly_requirement").fill_null(0.0),
            is_fault=pl.any_horizontal(~is_quantity(name).fill_null(value=True) for name in _STOCK)
            | pl.col("product_code").is_in(of_faults.implode())
        )
        .with_columns(pl.when(is_quantity(name)).then(name).otherwise(0.0).alias(name) for name in _STOCK)
        .join(forecast.demand_horizons.select("product_code", "history_weeks"), on="product_code", how="left")
        .join(forecast.model_choice.select("product_code", "demand_class", "model"), on="product_code", how="left")
        .with_columns(
            pl.col("demand_class").fill_null(_pattern_without_demand(basis.transfers)),
            model=pl.when(_is_overridden(as_of)).then(pl.lit(OVERRIDDEN)).otherwise(pl.col("model").fill_null("none")),
        )
        .with_columns(
            pl.col("history_weeks").fill_null(0),
        )
        .sort("product_code")
    )  # fmt: skip
    decision_inputs = prepare_inputs(
        distribution_of(forecast), known, intervals, counted_arrivals(basis.on_order), seed=SEED,
        calendars=basis.calendars,
    )  # fmt: skip
    limited = (
        with_assemblies(decision_table, known, decide(decision_inputs, basis.of_all.order_policy))
        .rename({"short_before_arrival": "shortage_chance_before_arrival"})
        .join(_on_order_by_arrival(basis.on_order), on="product_code", how="left", maintain_order="left")
        .with_columns(pl.col("^stock_on_order.*$").fill_null(0.0))
        .pipe(_positions)
        .with_columns(exclusion().alias("exclusion"))
        .with_columns(is_ordered().alias("is_ordered"))
        .pipe(with_limits)
    )
    return limited, decision_inputs


def _pattern_without_demand(transfers: pl.DataFrame) -> pl.Expr:
    """The demand pattern of a product without demand: its sales may count for other products."""
    is_transferred = pl.col("product_code").is_in(transfers["product_code"].unique().implode())
    return pl.when(is_transferred).then(pl.lit(PLANNED_ELSEWHERE)).otherwise(pl.lit("never_sold"))


def _is_overridden(as_of: date) -> pl.Expr:
    """Whether demand that a person set applies on a day of the protection interval."""
    end = pl.lit(as_of) + pl.duration(days=pl.col("horizon_days") - 1)
    is_begun = pl.col("overridden_demand_from").fill_null(as_of) <= end
    is_over = pl.col("overridden_demand_until").fill_null(as_of) < as_of
    return pl.col("overridden_demand").is_not_null() & is_begun & ~is_over


def _on_order_by_arrival(on_order: pl.DataFrame) -> pl.DataFrame:
    """For each product what is on order, what of it arrives after the coverage period, and what is late."""
    counted, quantity = pl.col("is_counted"), pl.col("quantity")
    return on_order.group_by("product_code").agg(
        stock_on_order=quantity.filter(counted).sum().round(4),
        stock_on_order_after_cover=quantity.filter(counted & ~pl.col("is_in_time")).sum().round(4),
        stock_on_order_late=quantity.filter(~counted).sum().round(4),
    )


def _positions(decided: pl.DataFrame) -> pl.DataFrame:
    return decided.with_columns(
        stock_position=(available_stock() + pl.col("stock_on_order")).round(4),
        stock_position_in_time=(available_stock() + pl.col("stock_on_order_in_time")).round(4),
        horizon_demand=(pl.col("demand_before_arrival") + pl.col("demand_in_cover")).round(4),
    )
