"""The past of an organisation, and the money terms of a past: from a plan's tables to what a backtest lives through.

What belongs here: which tables give which facts. What does not: the past itself (`past.py`).
Read more in docs/maths.md.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecasting.history.dependent_demand import with_dependent_demand
from pipelines.forecasting.history.transferred_demand import transfer_demand
from pipelines.planning_settings.demand_settings.assemblies import all_parts, assemblies_of
from pipelines.planning_settings.registry import wide_settings
from pipelines.planning_settings.successors_and_bundles import transfers_of
from pipelines.policy_backtest.money_terms import MoneyTerms, terms_in_words
from pipelines.policy_backtest.past import History, Receipts, make_history
from pipelines.policy_backtest.replay.order_rules import OrderRules, rules_in_words
from pipelines.replenishment.lead_times import known_receipts, learn_lead_times
from pipelines.replenishment.plan.statuses import NOT_PLANNED
from pipelines.replenishment.supplier_orders.money_rules import MoneyRules
from pipelines.storage import tables

PAST: Final = (
    tables.DEMAND_DAILY, tables.PRODUCTS, tables.ORDER_PLAN, tables.PLAN_SETTINGS, tables.LEAD_TIMES,
    tables.PURCHASE_RECEIPTS, tables.SUPPLIER_CALENDARS,
)  # fmt: skip
"""The tables that `past_of` is made from, in its order."""
# More lengths than there are receipts: none is joined with another.
ALL_LENGTHS: Final = 10_000


def past_of(frames: Sequence[pl.DataFrame], rules: MoneyRules, *, lead_time_days: int | None = None) -> History:
    """The past that a backtest of an organisation lives through, with money terms; `frames` are the tables of `PAST`.

    Raises:
        DataError: nothing was sold.
    """
    _, _, order_plan, plan_settings, *_ = frames
    history = of_organisation(*frames, lead_time_days=lead_time_days)
    return with_money_terms(history, order_plan, plan_settings, rules)


def with_money_terms(
    history: History, order_plan: pl.DataFrame, plan_settings: pl.DataFrame, rules: MoneyRules
) -> History:
    """The history with today's suppliers, minimums and spend cap; a minimum without an exchange rate is left out."""
    settings = wide_settings(plan_settings).select("product_code", "holding_cost_rate")
    codes = pl.DataFrame({"product_code": history.product_codes}, schema={"product_code": pl.String})
    facts = order_plan.select("product_code", "supplier_id", "currency", "currency_rate")
    rows = codes.join(facts, on="product_code", how="left", maintain_order="left").join(
        settings, on="product_code", how="left", maintain_order="left"
    )
    keys = rows.select("supplier_id", "currency", pl.col("currency_rate").cast(pl.Float64)).rows()
    orders = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    minimums = [rules.minimum_of(supplier or "") / rate if rate else 0.0 for supplier, _, rate in orders]
    money = MoneyTerms(
        np.array([orders[key] for key in keys], dtype=np.int64),
        rows["holding_cost_rate"].fill_null(0.0).to_numpy().astype(float),
        np.array(minimums, dtype=float),
        tuple(rules.below_minimum_of(supplier or "") for supplier, _, _ in orders),
        rules.spend_cap,
    )
    return replace(history, money=money)


def with_one_supplier(history: History, rules: MoneyRules, *, holding_cost_rate: float) -> History:
    """The history as if one supplier had every product, with the minimum and the spend cap of the rules."""
    count = len(history.product_codes)
    money = MoneyTerms(
        np.zeros(count, dtype=np.int64), np.full(count, holding_cost_rate), np.array([rules.minimum_of("")]),
        (rules.below_minimum,), rules.spend_cap,
    )  # fmt: skip
    return replace(history, money=money)


def of_organisation(
    demand_daily: pl.DataFrame, products: pl.DataFrame, order_plan: pl.DataFrame, plan_settings: pl.DataFrame,
    lead_times: pl.DataFrame, purchase_receipts: pl.DataFrame, supplier_calendars: pl.DataFrame, *,
    lead_time_days: int | None,
) -> History:  # fmt: skip
    """The history of an organisation's planned products, with today's costs and settings.

    All money is in base currency; a cost in a currency without a rate is unknown, as if there were none.
    The frames have the shapes of `marts.demand_daily`, `marts.products`, `plan.order_plan`, `parameters.plan_settings`,
    `parameters.lead_times`, `marts.purchase_receipts` and `parameters.supplier_calendars`; a given lead time replaces
    that of every product.

    Raises:
        DataError: nothing was sold.
    """
    facts = order_plan.filter(pl.col("status") != NOT_PLANNED).select(
        "product_code",
        pl.col("unit_cost").cast(pl.Float64) / pl.col("currency_rate").cast(pl.Float64),
        "batch_size",
        "minimum_order_quantity",
        lead_time_days=pl.col("expected_lead_time_days") if lead_time_days is None else pl.lit(lead_time_days),
    )
    settings = wide_settings(plan_settings)
    transfers = transfers_of(settings)
    prices = products.select("product_code", unit_price=pl.col("sales_unit_price").cast(pl.Float64))
    sales = (
        with_dependent_demand(transfer_demand(demand_daily, transfers), all_parts(assemblies_of(settings, transfers)))
        .rename({"demand_date": "date"})
        .join(facts, on="product_code", how="inner")
        .join(prices, on="product_code", how="left")
        .with_columns(pl.when(pl.col(name) > 0).then(name).alias(name) for name in ("unit_cost", "unit_price"))
    )
    without_season = settings.filter("ignore_seasonality")["product_code"].to_list()
    of_plan = order_plan.select("product_code", "supplier_id", "minimum_shelf_level", "maximum_shelf_level").join(
        settings.select("product_code", "order_frequency_origin"), on="product_code", how="left"
    )
    if lead_time_days is not None:
        history = make_history(sales, lead_time_days=lead_time_days)
        rules = OrderRules.of(pl.Series(history.product_codes), of_plan, supplier_calendars)
        return replace(history, rules=rules, without_season=without_season)
    suppliers = products.select("product_code", "supplier_id")
    bought = settings.join(suppliers, on="product_code", how="left")
    history = make_history(sales, lead_time_days=0, lead_times=lead_times)
    return replace(
        history, rules=OrderRules.of(pl.Series(history.product_codes), of_plan, supplier_calendars),
        receipts=Receipts(bought, purchase_receipts), received=_received(history, bought, purchase_receipts),
        without_season=without_season,
    )  # fmt: skip


def _received(history: History, bought: pl.DataFrame, purchase_receipts: pl.DataFrame) -> pl.DataFrame:
    """The days that orders of each product take, from every receipt of the past."""
    end = history.day(history.daily.shape[1])
    received = known_receipts(purchase_receipts, as_of=end)
    lengths = learn_lead_times(bought, received, most_lengths=ALL_LENGTHS)
    codes = pl.DataFrame({"product_code": history.product_codes}, schema={"product_code": pl.String})
    known = lengths.join(codes, on="product_code", how="semi")
    rest = history.lead_times.join(known, on="product_code", how="anti")
    return pl.concat([known, rest]).sort("product_code", "lead_time_days")


def what_is_kept(history: History) -> str:
    """The limits of orders that are replayed, as sentences; empty if there are none."""
    sentences = (rules_in_words(history.rules, on=history.first_day), terms_in_words(history.money))
    return " ".join(sentence for sentence in sentences if sentence)
