"""A home with an organisation whose plan is made up: as many products as wanted, published as a run would publish them.

For the desk's benchmark and tests, which look at published tables and need no Xero, no dbt and no forecast. Tables are
sorted by product as dbt sorts them; figures are of a plausible size, and bridges add up.
"""

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, get_type_hints

import numpy as np
import polars as pl

from benchmarks.made_up_findings import findings
from pipelines.credentials import App, TokenSet
from pipelines.organisations.open_organisation import secrets_of
from pipelines.planning_settings.setting_descriptions import PARAMETERS
from pipelines.replenishment.explain.records import PlanLine
from pipelines.secret import Secret
from pipelines.settings import Settings
from pipelines.storage import tables
from pipelines.storage.tables import Table
from pipelines.store.connected_organisations import ConnectedOrganisation, add_organisations
from pipelines.store.engine import open_store
from pipelines.store.sign_ins import SignIn

TODAY: Final = date(2026, 12, 1)
PLANNED_AT: Final = datetime(2026, 12, 1, 6, 14, tzinfo=UTC)
FIRST_SNAPSHOT: Final = "20261201T061400000000-made-up"
SALES_DAYS: Final = 60
WEEKS_AHEAD: Final = 26
THINGS: Final = ("Mug", "Bowl", "Basket", "Cushion", "Lamp", "Vase", "Clock", "Candle", "Tin", "Jar")
COLOURS: Final = ("blue", "red", "green", "white", "black", "grey", "yellow", "natural")
SIZES: Final = ("small", "medium", "large", "set of 2", "set of 4", "set of 6")
STATUSES: Final = ("order_now", "short", "enough", "too_much", "not_planned")
REASON_OF: Final = {
    "order_now": "below_reorder_point", "short": "too_late_to_order", "enough": "enough_stock",
    "too_much": "enough_stock", "not_planned": "no_demand",
}  # fmt: skip


# What stands in a column that every line has and that is not made up.
_NOTHING: Final[dict[type, Any]] = {float: 0.0, int: 0, str: "", bool: False}
# What all products have alike.
_ALIKE: Final = {
    **dict.fromkeys(
        ("stock_committed", "stock_on_order_in_time", "demand_lost_before_arrival", "timing_adjustment",
         "stock_on_order", "stock_on_order_after_cover", "minimum_order_quantity", "minimum_shelf_level"),
        pl.lit(0.0),
    ),
    **dict.fromkeys(("calendar_days_added", "shut_days", "manufacturing_time_days"), pl.lit(0)),
    **{name: pl.lit(text) for name, text in {
        "currency": "GBP", "missing_price": "", "price_breaks": "", "lead_time_origin": "default",
        "lead_time_rule": "as_set", "model": "pool", "plan_id": "20261201-made-up",
    }.items()},
    **{name: pl.lit(number) for name, number in {
        "horizon_days": 21, "lead_time_days": 14, "expected_lead_time_days": 14, "order_frequency_days": 7,
        "service_level": 0.95, "batch_size": 1.0, "lead_time_deviation_days": 2.0, "product_receipts": 5,
        "supplier_receipts": 50, "currency_rate": 1.0,
    }.items()},
    **{name: pl.lit(TODAY + timedelta(days=days)) for name, days in {
        "as_of_date": 0, "order_on_date": 0, "next_order_date": 7, "expected_arrival_date": 14, "last_sale_date": -2,
    }.items()},
}  # fmt: skip


def connect_made_up(settings: Settings, key: str, name: str, *, connected_at: datetime = PLANNED_AT) -> None:
    """Keep an organisation of this key in the store, as `stocktrim connect` does; its Xero answers nowhere."""
    organisation = ConnectedOrganisation(
        key=key, tenant_id=f"tenant of {key}", name=name, base_currency="GBP", time_zone="GMTSTANDARDTIME",
        is_demo_company=False, api_url="http://127.0.0.1:1", connected_at=connected_at, sign_in_id=f"sign-in of {key}",
    )  # fmt: skip
    sign_in = SignIn(organisation.sign_in_id, "custom", App("http://127.0.0.1:1", "client", Secret("secret")))
    tokens = TokenSet(Secret("token"), expires_at=connected_at)
    with closing(open_store(settings.database_url)) as store:
        add_organisations(store, [organisation], sign_in=sign_in, tokens=tokens, secrets=secrets_of(settings))


def publish_made_up(
    folder: Path, products: int, *, snapshot_id: str = FIRST_SNAPSHOT, odd: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Publish a made-up plan of so many products for an organisation; `odd` are codes and names for the first."""
    plan = _renamed(made_up_plan(products), odd)
    frames = {
        tables.ORDER_PLAN: plan,
        tables.PLAN_HISTORY: _history(plan),
        tables.PRODUCTS: plan.with_columns(product_id=pl.format("id of {}", "product_code"), is_tracked=True),
        tables.SUPPLIERS: _suppliers(plan),
        tables.PLAN_SUMMARY: _summaries(plan),
        tables.KPI_DAILY: _stock_values(),
        tables.DATA_FRESHNESS: _one(
            organisation_name="Made Up", base_currency="GBP", time_zone="GMTSTANDARDTIME", is_demo_company=False,
            as_of_date=TODAY, loaded_at=PLANNED_AT,
        ),
        tables.DEMAND_DAILY: (sold := _sold(plan)),
        tables.DEMAND_TRANSACTIONS: _sales_lines(sold),
        tables.DEMAND_FORECAST: _coming(plan),
        tables.PLAN_SETTINGS: _settings(plan),
        tables.LEAD_TIMES: _lead_times(plan),
        tables.MODEL_CHOICE: plan.select(
            "product_code", "demand_class", "model", score=1.0, floor_score=1.2, origins=6, reason=pl.lit("made up")
        ),
        tables.SALES_MONTHLY: _months(sold),
        **findings(plan, TODAY),
    }  # fmt: skip
    snapshot = folder / "snapshots" / snapshot_id
    snapshot.mkdir(parents=True)
    for table in tables.PUBLISHED:
        _shaped(frames.get(table), table).write_parquet(snapshot / f"{table.name}.parquet")
    link = folder / "published"
    link.unlink(missing_ok=True)
    link.symlink_to(Path("snapshots") / snapshot_id, target_is_directory=True)


def made_up_plan(products: int) -> pl.DataFrame:
    """A plan's lines: a fifth to order, some short, too much or not planned, the rest enough; the bridge adds up."""
    lines = _with_names(_with_money(_with_quantities(_drawn(products))))
    return _shaped(lines.with_columns(**_ALIKE), tables.ORDER_PLAN).with_columns(
        pl.col(name).fill_null(_NOTHING[kind]) for name, kind in get_type_hints(PlanLine).items() if kind in _NOTHING
    )


def _drawn(products: int) -> pl.DataFrame:
    """What is left to chance: status, demand a day, unit cost, how empty the shelf is, whether a supplier is known."""
    draw = np.random.default_rng(products)
    return pl.DataFrame({
        "number": np.arange(products),
        "status": draw.choice(STATUSES, products, p=[0.2, 0.03, 0.62, 0.1, 0.05]),
        "average_daily_demand": np.round(draw.gamma(0.8, 1.5, products) + 0.05, 4),
        "unit_cost": np.round(draw.lognormal(1.2, 0.9, products), 2) + 0.1,
        "share_left": draw.uniform(0, 0.6, products), "has_supplier": draw.random(products) > 0.02,  # noqa: PLR2004, few
    })  # fmt: skip


def _with_quantities(lines: pl.DataFrame) -> pl.DataFrame:
    status, level, daily = pl.col("status"), pl.col("order_up_to_level"), pl.col("average_daily_demand")
    is_low = status.is_in(["order_now", "short"])
    mean = (daily * 21).round(4)
    stock = pl.when(is_low).then((level * pl.col("share_left")).floor()).when(status == "too_much").then(level * 6 + 10)
    need = (level - pl.col("stock_on_hand")).round(4)
    order = pl.when(status == "order_now").then(need.ceil().clip(lower_bound=1.0)).otherwise(0.0)
    lines = lines.with_columns(average_daily_demand=pl.when(status == "not_planned").then(0.0).otherwise(daily))
    lines = lines.with_columns(
        horizon_demand=mean,
        demand_before_arrival=(mean * 2 / 3).round(4),
        order_up_to_level=(mean + mean.sqrt() * 1.6).ceil(),
    )
    return lines.with_columns(
        demand_in_cover=(mean - pl.col("demand_before_arrival")).round(4), safety_stock=(level - mean).round(4),
        stock_on_hand=stock.otherwise(level + 2), reorder_point=level - (mean / 3).round(4),
    ).with_columns(
        needed_quantity=need, order_quantity=order, stock_position="stock_on_hand",
        **{name: order for name in tables.ORDER_PLAN.columns if name.startswith("quantity_after_")},
        binding_rule=pl.when(status == "order_now").then(pl.lit("need")).otherwise(pl.lit("none")),
        overstock_quantity=pl.when(status == "too_much").then(pl.col("stock_on_hand") - level * 4).otherwise(0.0),
        understock_quantity=pl.when(is_low).then(need).otherwise(0.0),
        days_to_stock_out=pl.when(is_low).then((pl.col("stock_on_hand") / daily).floor().clip(0, 40)),
    )  # fmt: skip


def _with_money(lines: pl.DataFrame) -> pl.DataFrame:
    cost, over, under = pl.col("unit_cost"), pl.col("overstock_quantity"), pl.col("understock_quantity")
    return lines.with_columns(
        order_unit_cost=cost, order_value=pl.col("order_quantity") * cost, stock_value=pl.col("stock_on_hand") * cost,
        overstock_value=over * cost, overstock_holding_cost=over * cost * 0.25, understock_value=under * cost,
        short_without_order=under * 0.4, understock_margin_lost=under * cost * 0.4,
    )  # fmt: skip


def _with_names(lines: pl.DataFrame) -> pl.DataFrame:
    number, has_supplier = pl.col("number"), pl.col("has_supplier")
    supplier = number % max(3, lines.height // 100) + 1
    is_new = number % 50 == 0
    return lines.with_columns(
        product_code=pl.format("P-{}", (number + 1).cast(pl.String).str.zfill(5)),
        product_name=pl.Series([_name(at) for at in range(lines.height)], dtype=pl.String),
        supplier_name=pl.when(has_supplier).then(pl.format("Supplier {}", supplier.cast(pl.String).str.zfill(2))),
        supplier_id=pl.when(has_supplier).then(pl.format("supplier-{}", supplier)),
        reason=pl.col("status").replace_strict(REASON_OF, return_dtype=pl.String),
        stock_on_order_late=pl.when(number % 40 == 0).then(12.0).otherwise(0.0),
        is_uncertain=is_new, uncertain_cause=pl.when(is_new).then(pl.lit("short_history")).otherwise(pl.lit("")),
        demand_class=pl.when(pl.col("status") == "not_planned").then(pl.lit("dead")).when(is_new).then(pl.lit("new"))
        .otherwise(pl.lit("smooth")),
        is_too_late_to_help=pl.col("status") == "short",
        shortage_chance_before_arrival=pl.when(pl.col("status") == "order_now").then(0.2).otherwise(0.01),
    )  # fmt: skip


def _renamed(plan: pl.DataFrame, odd: Mapping[str, str]) -> pl.DataFrame:
    """The plan with these codes and names for its first products, sorted by code."""
    codes = [*odd, *plan["product_code"][len(odd) :]]
    names = [*odd.values(), *plan["product_name"][len(odd) :]]
    return plan.with_columns(product_code=pl.Series(codes), product_name=pl.Series(names)).sort("product_code")


def _name(number: int) -> str:
    """A product's name; after 480 products the names begin again, with a number."""
    name = f"{THINGS[number % 10]}, {COLOURS[number // 10 % 8]}, {SIZES[number // 80 % 6]}"
    again = number // (len(THINGS) * len(COLOURS) * len(SIZES))
    return f"{name} {again + 1}" if again else name


def _shaped(frame: pl.DataFrame | None, table: Table) -> pl.DataFrame:
    """A frame in a table's shape; a column that it lacks is empty."""
    if frame is None:
        return tables.empty(table)
    missing = [pl.lit(None).alias(name) for name in table.columns if name not in frame.columns]
    return frame.with_columns(missing).select(list(table.columns)).cast(table.schema)


def _one(**values: Any) -> pl.DataFrame:
    return pl.DataFrame([values])


def _summaries(plan: pl.DataFrame) -> pl.DataFrame:
    is_over, is_under = plan["overstock_quantity"] > 0, plan["understock_quantity"] > 0
    newest = {
        "plan_id": "20261201-made-up", "as_of_date": TODAY, "planned_at": PLANNED_AT, "data_loaded_at": PLANNED_AT,
        "is_stale": False, "currency": "GBP", "products": plan.height,
        "products_to_order": plan.filter(pl.col("order_quantity") > 0).height,
        "order_value": plan["order_value"].sum(), "products_understocked": int(is_under.sum()),
        "understock_value": plan["understock_value"].sum(), "products_overstocked": int(is_over.sum()),
        "understock_margin_lost": plan["understock_margin_lost"].sum(),
        "overstock_value": plan["overstock_value"].sum(), "stock_value": plan["stock_value"].sum(),
        "overstock_holding_cost": plan["overstock_holding_cost"].sum(), "late_orders": 3,
        "late_on_order_value": plan["stock_value"].head(1).sum(), "products_out_of_stock": 4,
        "out_of_stock_value": plan["order_value"].head(3).sum(),
    }  # fmt: skip
    day_before = {"plan_id": "20261130-made-up", "as_of_date": TODAY - timedelta(days=1)}
    older = newest | day_before | {"planned_at": PLANNED_AT - timedelta(days=1)}
    return pl.DataFrame([older, newest])


def _history(plan: pl.DataFrame) -> pl.DataFrame:
    """The plan, and that of the day before, which ordered a tenth of the products otherwise."""
    other = pl.int_range(pl.len()) % 10 == 0
    before = plan.with_columns(
        order_quantity=pl.when(other).then(pl.col("order_quantity") + 5).otherwise("order_quantity"),
        plan_id=pl.lit("20261130-made-up"),
    )
    return pl.concat([before, plan])


def _suppliers(plan: pl.DataFrame) -> pl.DataFrame:
    of_plan = plan.filter(pl.col("supplier_id").is_not_null())
    suppliers = of_plan.group_by("supplier_id", "supplier_name", "currency").agg(products=pl.len())
    return suppliers.sort("supplier_name").with_columns(is_archived=False)


def _stock_values() -> pl.DataFrame:
    days = [TODAY - timedelta(days=at) for at in range(30)]
    return pl.DataFrame(
        {"as_of_date": days, "currency": "GBP", "stock_value": [90_000 + at % 7 * 800 for at in range(30)]}
    )


def _sold(plan: pl.DataFrame) -> pl.DataFrame:
    """Sales on some days of the last year; products without demand sold nothing."""
    sells = plan.filter(pl.col("average_daily_demand") > 0)["product_code"]
    draw = np.random.default_rng(plan.height)
    days = np.sort(draw.integers(1, 364, (sells.len(), SALES_DAYS)), axis=1)[:, ::-1]
    rows = pl.DataFrame({
        "product_code": np.repeat(sells.to_numpy(), SALES_DAYS), "ago": days.ravel(),
        "quantity": draw.poisson(3, days.size) + 1.0, "is_stocked_out": draw.random(days.size) > 0.97,  # noqa: PLR2004, a few
    }).unique(["product_code", "ago"], keep="first", maintain_order=True)  # fmt: skip
    day = pl.lit(TODAY) - pl.duration(days="ago")
    return rows.with_columns(demand_date=day.cast(pl.Date)).drop("ago")


def _sales_lines(sold: pl.DataFrame) -> pl.DataFrame:
    number = pl.int_range(pl.len())
    link = "https://go.xero.com/AccountsReceivable/View.aspx?InvoiceID="
    return sold.with_columns(
        invoice_number=pl.format("INV-{}", number), line_number=1, status=pl.lit("PAID"), sold_quantity="quantity",
        customer_id=pl.format("customer-{}", number % 90), customer_name=pl.format("Customer {}", number % 90),
        credited_quantity=0.0, unit_price=9.5, currency=pl.lit("GBP"), invoice_id=pl.format("id-{}", number),
        xero_link=pl.format("{}{}", pl.lit(link), number),
    )  # fmt: skip


def _coming(plan: pl.DataFrame) -> pl.DataFrame:
    weeks = pl.DataFrame({"period_start_date": [TODAY + timedelta(weeks=at) for at in range(WEEKS_AHEAD)]})
    a_week = (pl.col("average_daily_demand") * 7).round(4)
    return plan.select(
        "product_code",
        "model",
        quantity=a_week,
        quantity_low=(a_week * 0.5).floor(),
        quantity_high=(a_week * 1.7).ceil(),
    ).join(weeks, how="cross", maintain_order="left_right")


def _settings(plan: pl.DataFrame) -> pl.DataFrame:
    of_products = [one for one in PARAMETERS.values() if "product" in one.levels]
    in_force = pl.DataFrame({
        "name": [one.name for one in of_products], "value": [one.default for one in of_products], "origin": "default",
    })  # fmt: skip
    return plan.select("product_code").join(in_force, how="cross", maintain_order="left_right")


def _lead_times(plan: pl.DataFrame) -> pl.DataFrame:
    chances = pl.DataFrame({"lead_time_days": [9, 14, 21], "weight": [0.2, 0.6, 0.2]})
    return plan.select("product_code").join(chances, how="cross", maintain_order="left_right")


def _months(sold: pl.DataFrame) -> pl.DataFrame:
    return (
        sold.group_by("product_code", month=pl.col("demand_date").dt.truncate("1mo"), maintain_order=True)
        .agg(demand_quantity=pl.col("quantity").sum())
        .with_columns(
            sold_quantity="demand_quantity", xero_invoiced_quantity="demand_quantity", xero_voided_quantity=0.0,
            xero_credited_quantity=0.0, difference=0.0,
        )
    )  # fmt: skip
