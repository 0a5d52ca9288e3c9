"""What an explanation is made of, as typed records: terminal, Dagster and picture read the same ones.

What belongs here: the records and what follows from one of them alone. What does not: where they come from
(`product_explanation.py`), sentences (`sentences.py`), tables to show (`explanation_tables.py`).
A record of a published table has the columns of that table under their names. Read more in docs/interfaces.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

import polars as pl

RecordT = TypeVar("RecordT")


def records_of(frame: pl.DataFrame, record: type[RecordT]) -> list[RecordT]:
    """Each row of a frame as a record, which has a field for every column."""
    return [record(**row) for row in frame.iter_rows(named=True)]


@dataclass(frozen=True)
class PlanLine:
    """A row of `plan.order_plan`."""

    product_code: str
    product_name: str
    supplier_name: str | None
    status: str
    reason: str
    horizon_days: int
    horizon_demand: float
    demand_before_arrival: float
    demand_in_cover: float
    safety_stock: float
    stock_on_hand: float
    stock_committed: float
    assembly_requirement: float
    stock_on_order_in_time: float
    demand_lost_before_arrival: float
    timing_adjustment: float
    needed_quantity: float
    quantity_after_minimum: float
    quantity_after_batch: float
    quantity_after_cap: float
    quantity_after_supplier_minimum: float
    quantity_after_budget: float
    order_quantity: float
    assembly_quantity: float
    order_action: str
    assemble_now_quantity: float
    assembly_waits_for: str
    binding_rule: str
    reorder_point: float
    order_up_to_level: float
    level_kept: float | None
    unit_cost: Decimal | None
    order_unit_cost: Decimal | None
    price_breaks: str | None
    price_break_quantity: float | None
    price_break_saving: Decimal | None
    currency: str
    order_value: Decimal | None
    days_to_stock_out: int | None
    order_by_date: date | None
    order_on_date: date
    next_order_date: date | None
    expected_arrival_date: date | None
    calendar_days_added: int | None
    shut_from_date: date | None
    shut_until_date: date | None
    shut_days: int | None
    overstock_quantity: float
    overstock_value: Decimal | None
    overstock_holding_cost: Decimal | None
    understock_quantity: float
    understock_value: Decimal | None
    short_without_order: float
    understock_margin_lost: Decimal | None
    missing_price: str
    stock_on_order: float
    stock_on_order_after_cover: float
    stock_on_order_late: float
    stock_position: float
    stock_value: Decimal | None
    lead_time_days: int
    order_frequency_days: int
    service_level: float
    set_service_level: float | None
    service_level_reason: str | None
    minimum_order_quantity: float
    batch_size: float
    minimum_shelf_level: float
    maximum_shelf_level: float | None
    average_daily_demand: float
    is_uncertain: bool
    uncertain_cause: str
    days_to_stock_out_soonest: int | None
    shortage_chance_before_arrival: float | None
    is_too_late_to_help: bool
    manufacturing_time_days: int
    forecast_period_days: int | None
    expected_lead_time_days: int
    lead_time_deviation_days: float
    product_receipts: int
    supplier_receipts: int
    lead_time_origin: str
    lead_time_rule: str
    observed_lead_time_days: float | None
    demand_class: str
    model: str
    last_sale_date: date | None
    last_purchase_date: date | None
    supplier_id: str | None
    currency_rate: Decimal | None
    as_of_date: date
    plan_id: str

    @property
    def days_to_arrival(self) -> int:
        """The days from today until the next order arrives."""
        arrival = self.expected_arrival_date
        return self.expected_lead_time_days if arrival is None else (arrival - self.as_of_date).days

    @property
    def is_ordered_later(self) -> bool:
        """Whether the supplier takes no order today."""
        return self.order_on_date > self.as_of_date

    @property
    def covered_days(self) -> int:
        """The days that the next order covers after its arrival."""
        return max(0, self.horizon_days - self.days_to_arrival)

    @property
    def ends_before_arrival(self) -> bool:
        """Whether a forecast period ends before the next order arrives."""
        return self.days_to_arrival > self.horizon_days

    @property
    def available_stock(self) -> float:
        """Stock on hand less what is allocated to sales and to assemblies."""
        return self.stock_on_hand - self.stock_committed - self.assembly_requirement


@dataclass(frozen=True)
class BridgeStep:
    """One step of the bridge: its sign (empty for a result), what it is, and the units."""

    sign: str
    label: str
    quantity: float


@dataclass(frozen=True)
class SettingInForce:
    """A setting of the product: its value, and the level at which it is set."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True)
class LeadTimeChance:
    """A number of days that an order may take, and its probability."""

    lead_time_days: int
    weight: float


@dataclass(frozen=True)
class ModelChoice:
    """A row of `forecast.model_choice`."""

    product_code: str
    demand_class: str
    model: str
    score: float
    floor_score: float
    origins: int
    reason: str


@dataclass(frozen=True)
class ModelScore:
    """A row of `forecast.model_scores`."""

    demand_class: str
    model: str
    is_chosen: bool
    score: float | None
    floor_score: float | None
    margin: float | None
    margin_error: float | None
    origins: int
    forecasts: int
    judged_as: str
    reason: str
    chosen_on: date

    @property
    def saved(self) -> str:
        """The share of the baseline's loss that the model saves, positive if it is better; empty if not compared."""
        return "" if self.margin is None else f"{round(self.margin, 2) + 0.0:+.0%}"

    @property
    def saved_error(self) -> str:
        """The standard error of that share; empty if the models were not compared."""
        return "" if self.margin_error is None else f"{self.margin_error:.0%}"


@dataclass(frozen=True)
class MonthSold:
    """A month: the units sold, and on how many of its days the product was out of stock."""

    month: str
    quantity: float
    days_out_of_stock: int


@dataclass(frozen=True)
class WeekSold:
    """A past week: the units sold, and on how many of its days the product was out of stock."""

    week_start_date: date
    quantity: float
    days_out_of_stock: int


@dataclass(frozen=True)
class ForecastWeek:
    """A coming week: its expected demand and the band around it."""

    period_start_date: date
    quantity: float
    quantity_low: float | None
    quantity_high: float | None


@dataclass(frozen=True)
class DemandQuantile:
    """A probability, and the units that demand over the protection interval stays at or below with it."""

    probability: float
    quantity: float


@dataclass(frozen=True)
class SalesLine:
    """A row of `marts.demand_transactions`, and the units of the explained product that it counts for."""

    product_code: str
    demand_date: date
    invoice_number: str | None
    line_number: int
    status: str
    customer_id: str | None
    customer_name: str | None
    sold_quantity: float
    credited_quantity: float
    quantity: float
    unit_price: Decimal | None
    currency: str | None
    invoice_id: str | None
    xero_link: str | None
    counted_quantity: float


@dataclass(frozen=True)
class OpenOrderLine:
    """A row of `marts.stock_on_order`, and the day on which the plan expects it; none if it does not count."""

    purchase_order_number: str
    product_code: str
    quantity: float
    expected_arrival_date: date | None
    is_counted: bool
    rule: str
    line_number: int
    status: str
    supplier_id: str | None
    supplier_name: str | None
    order_date: date | None
    delivery_date: date | None
    value: Decimal | None
    currency: str | None
    currency_rate: Decimal | None
    ordered_quantity: float | None
    billed_quantity: float | None
    exception: str | None
    ordered_product_code: str | None
    purchase_order_id: str | None
    xero_link: str | None
    is_arrival_assumed: bool | None
    estimated_arrival_date: date | None


@dataclass(frozen=True)
class OtherSupplier:
    """A row of `plan.supplier_alternatives` in short: another supplier of the product, and the same order there."""

    other_supplier_name: str
    advice: str
    money_saved: Decimal | None
    price_saving: Decimal | None
    shortage_avoided_quantity: float | None
    shortage_avoided_value: Decimal | None
    order_cost: Decimal | None
    currency: str
    other_quantity: float
    unit_cost_in_base: Decimal | None
    other_unit_cost_in_base: Decimal | None
    other_arrival_date: date
    days_sooner: int
    is_below_minimum: bool


@dataclass(frozen=True)
class ProjectedWeek:
    """A coming week: what arrives in it, its expected demand, and the stock at its end with today's order."""

    week_start: date
    arrivals: float
    demand: float
    stock_at_end: float


@dataclass(frozen=True)
class ProductExplanation:
    """How the number of one product was made, from its sales to its order; `model` is none without a forecast.

    `sales` are months, `sales_weekly` the weeks of the last year, both in order; `transactions` are every sales line
    behind them, the latest first.
    """

    plan: PlanLine
    bridge: Sequence[BridgeStep]
    sentences: Sequence[str]
    settings: Sequence[SettingInForce]
    lead_times: Sequence[LeadTimeChance]
    model: ModelChoice | None
    model_scores: Sequence[ModelScore]
    sales: Sequence[MonthSold]
    sales_weekly: Sequence[WeekSold]
    stock_out_days: Sequence[date]
    forecast: Sequence[ForecastWeek]
    quantiles: Sequence[DemandQuantile]
    transactions: Sequence[SalesLine]
    open_orders: Sequence[OpenOrderLine]
    projected_stock: Sequence[ProjectedWeek]
    other_suppliers: Sequence[OtherSupplier]
