"""Words for small plans: each builder names only what its test is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

import polars as pl

from pipelines.forecasting.forecast_request import ForecastRequest, forecast_as_requested, forecast_request
from pipelines.forecasting.forecast_tables import Forecast
from pipelines.forecasting.special_demand.usual_demand import counted_demand
from pipelines.planning_settings.registry import with_defaults
from pipelines.replenishment.plan.order_plan import PlanInputs, PlanTables, make_plan
from pipelines.replenishment.planning_parameters import PlanningParameters, planning_parameters
from pipelines.storage.tables import (
    DEMAND_DAILY,
    DEMAND_FORECAST,
    DEMAND_HORIZONS,
    DEMAND_QUANTILES,
    DEMAND_TRANSACTIONS,
    GROUP_MEMBERS,
    KEPT_ORDER_LINES,
    MODEL_CHOICE,
    PLANNING_SETTINGS,
    PRODUCTS,
    PURCHASE_RECEIPTS,
    STOCK_ON_ORDER,
    STOCK_POSITION,
    Table,
    empty,
)

AS_OF = date(2026, 3, 2)
TEA = "TEA-01"
SUPPLIER = "supplier-07"
GROUP = "group-1"


def in_days(days: int) -> date:
    return AS_OF + timedelta(days=days)


def _rows(table: Table, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=table.schema, orient="row")


def sold(days_ago: Mapping[int, float], product: str = TEA) -> pl.DataFrame:
    """Daily demand of a product: so many days before the as-of day, so many units."""
    return _rows(
        DEMAND_DAILY,
        [{"product_code": product, "demand_date": in_days(-ago), "quantity": n} for ago, n in days_ago.items()],
    )


def sold_every(days: int, quantity: float, *, for_days: int, product: str = TEA) -> pl.DataFrame:
    return sold(dict.fromkeys(range(1, for_days + 1, days), quantity), product)


def the_horizon(*products: str, lead_time_days: int = 14, order_frequency_days: int = 7) -> pl.DataFrame:
    return pl.DataFrame(
        [(product, lead_time_days, order_frequency_days) for product in products or (TEA,)],
        schema={"product_code": pl.String, "lead_time_days": pl.Int64, "order_frequency_days": pl.Int64},
        orient="row",
    )


def a_product(product: str = TEA, *, supplier: str | None = SUPPLIER, **more: Any) -> pl.DataFrame:
    defaults = {
        "product_id": f"id of {product}",
        "product_name": f"Name of {product}",
        "is_tracked": True,
        "is_discontinued": False,
        "is_unstocked": False,
        "supplier_name": supplier and f"Name of {supplier}",
        "unit_cost": Decimal("2.5000"),
        "sales_unit_price": Decimal("4.0000"),
        "currency": "GBP",
        "currency_rate": Decimal(1),
    }
    return _rows(PRODUCTS, [{"product_code": product, "supplier_id": supplier, **defaults, **more}])


def a_setting(name: str, value: str, *, level: str = "product", subject: str = TEA) -> pl.DataFrame:
    who = {"changed_by": "a buyer", "changed_at": datetime(2026, 3, 1, tzinfo=UTC)}
    return _rows(PLANNING_SETTINGS, [{"level": level, "subject": subject, "name": name, "value": value, **who}])


def in_group(group: str = GROUP, *, product: str = TEA) -> pl.DataFrame:
    member = {"group_id": group, "group_name": f"Name of {group}", "group_kind": "range", "group_order": 1}
    return _rows(GROUP_MEMBERS, [{"product_code": product, "joined_by": "hand", **member}])


def in_stock(on_hand: float, *, committed: float = 0, product: str = TEA) -> pl.DataFrame:
    stock = {"stock_on_hand": on_hand, "stock_committed": committed}
    return _rows(STOCK_POSITION, [{"product_code": product, **stock}])


def on_order(quantity: float, *, arriving: date | None, product: str = TEA, **more: Any) -> pl.DataFrame:
    defaults = {
        "purchase_order_number": "PO-0001",
        "is_counted": True,
        "rule": "no_delivery_date",
        "value": Decimal("100.00"),
        "currency": "GBP",
        "currency_rate": Decimal(1),
    }
    line = {"product_code": product, "quantity": quantity, "expected_arrival_date": arriving}
    return _rows(STOCK_ON_ORDER, [line | defaults | more])


def a_late_order(quantity: float, **more: Any) -> pl.DataFrame:
    return on_order(quantity, arriving=in_days(-3), is_counted=False, rule="late", **more)


def kept(
    quantity: float, *, product: str = TEA, cost: float = 2.5, supplier: str = SUPPLIER, **more: Any
) -> pl.DataFrame:
    """A line of a draft that a person keeps; no units if a person took the product out."""
    defaults = {
        "order_id": "20260302-AAAAAA", "purchase_order_number": "RP-20260302-AAAAAA", "supplier_id": supplier,
        "supplier_name": f"Name of {supplier}", "line_number": 1, "currency": "GBP", "is_base_currency": True,
    }  # fmt: skip
    line = {
        "product_code": product,
        "quantity": Decimal(str(quantity)),
        "value": Decimal(str(round(quantity * cost, 2))),
    }
    return _rows(KEPT_ORDER_LINES, [defaults | line | more])


def received(*lead_times: int, product: str = TEA, supplier: str = SUPPLIER, days_ago: int = 30) -> pl.DataFrame:
    """Receipts that took so many days each, of an order each."""
    shared = {"product_code": product, "supplier_id": supplier, "received_date": in_days(-days_ago), "line_number": 1}
    return _rows(
        PURCHASE_RECEIPTS,
        [
            shared
            | {
                "lead_time_days": days,
                "order_date": in_days(-days_ago - days),
                "purchase_order_number": f"PO-{days_ago}-{at}",
            }
            for at, days in enumerate(lead_times)
        ],
    )


def expecting(
    before_arrival: float,
    in_cover: float,
    *,
    quantiles: Mapping[float, float] | None = None,
    product: str = TEA,
    demand_class: str = "smooth",
    history_weeks: int = 60,
) -> Forecast:
    """A forecast as it is for a lead time of 14 and an order frequency of 7 days: demand that comes evenly.

    Expected demand in its two parts, and quantiles of the whole.
    """
    whole = before_arrival + in_cover
    result = quantiles or {0.5: whole, 0.9: 1.2 * whole, 0.95: 1.4 * whole}
    model = {"product_code": product, "model": "ses", "demand_class": demand_class}
    parts = {
        "demand_before_arrival": before_arrival, "demand_in_cover": in_cover, "history_weeks": history_weeks,
        "horizon_days": 21, "lead_time_days": 14, "weekly_variance": 0.0,
    }  # fmt: skip
    weeks = [before_arrival / 2, before_arrival / 2, in_cover]
    return Forecast(
        model_choice=_rows(MODEL_CHOICE, [model]),
        demand_forecast=_rows(
            DEMAND_FORECAST,
            [
                {"product_code": product, "period_start_date": in_days(7 * k), "quantity": n}
                for k, n in enumerate(weeks)
            ],
        ),
        demand_quantiles=_rows(
            DEMAND_QUANTILES,
            [{"product_code": product, "horizon_days": 21, "probability": p, "quantity": n} for p, n in result.items()],
        ),
        demand_horizons=_rows(DEMAND_HORIZONS, [{"product_code": product, **parts}]),
    )


def together(*forecasts: Forecast) -> Forecast:
    names = vars(forecasts[0])
    return Forecast(**{name: pl.concat([getattr(one, name) for one in forecasts]) for name in names})


@dataclass(frozen=True)
class Company:
    """The tables that a company is planned from, and what follows from them."""

    products: pl.DataFrame
    stock_position: pl.DataFrame
    stock_on_order: pl.DataFrame
    purchase_receipts: pl.DataFrame
    demand_daily: pl.DataFrame
    planning_settings: pl.DataFrame
    group_members: pl.DataFrame
    kept_order_lines: pl.DataFrame

    @property
    def inputs(self) -> PlanInputs:
        return PlanInputs(
            self.products, self.stock_position, self.stock_on_order, self.planning_settings, self.kept_order_lines
        )  # fmt: skip

    @cached_property
    def parameters(self) -> PlanningParameters:
        return planning_parameters(
            self.products, self.planning_settings, self.purchase_receipts, self.stock_on_order, self.group_members,
            as_of=AS_OF,
        )  # fmt: skip

    @cached_property
    def request(self) -> ForecastRequest:
        return forecast_request(self.parameters.plan_settings, self.parameters.protection_intervals)

    def forecast(self) -> Forecast:
        request = self.request
        demand = counted_demand(self.demand_daily, empty(DEMAND_TRANSACTIONS), request)
        return forecast_as_requested(demand, request, as_of=AS_OF)

    def plan(self, forecast: Forecast | None = None, *, plan_id: str = "20260302-00000000") -> PlanTables:
        """The plan by a forecast, else by the one that the sales lead to."""
        return make_plan(self.inputs, self.parameters, forecast or self.forecast(), as_of=AS_OF, plan_id=plan_id)


def inputs(*frames: pl.DataFrame) -> Company:
    """What a plan is made from: each frame goes to the table that it has the shape of, defaults are added."""
    shapes = {
        "products": PRODUCTS,
        "stock_position": STOCK_POSITION,
        "stock_on_order": STOCK_ON_ORDER,
        "purchase_receipts": PURCHASE_RECEIPTS,
        "demand_daily": DEMAND_DAILY,
        "planning_settings": PLANNING_SETTINGS,
        "group_members": GROUP_MEMBERS,
        "kept_order_lines": KEPT_ORDER_LINES,
    }
    tables = {
        name: pl.concat([table.schema.to_frame(), *(one for one in frames if one.schema == table.schema)])
        for name, table in shapes.items()
    }
    return Company(**tables | {"planning_settings": with_defaults(tables["planning_settings"])})


def a_plan(*frames: pl.DataFrame, expecting: Forecast | None = None) -> pl.DataFrame:
    """The plan of these frames; without a forecast, the one that their sales lead to."""
    return inputs(*frames).plan(expecting).order_plan


def the_line(*frames: pl.DataFrame, expecting: Forecast | None = None) -> dict[str, Any]:
    """The only line of the plan of one product."""
    return a_plan(*frames, expecting=expecting).row(0, named=True)
