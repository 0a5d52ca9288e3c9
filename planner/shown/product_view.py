"""Everything of one product on a screen: its explanation, its chart, its waterfall, its receipts, its months.

What belongs here: reading only the rows of the product, and shaping them for charts. What does not: the explanation
itself, which `stocktrim explain` shows too (`pipelines.replenishment.explain`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from pipelines.planning_settings.demand_settings.assemblies import demand_ways
from pipelines.planning_settings.setting_descriptions import PARAMETERS, Parameter
from pipelines.planning_settings.setting_topics import label_of
from pipelines.planning_settings.setting_words import plain_names, value_in_words
from pipelines.planning_settings.successors_and_bundles import sold_as
from pipelines.replenishment.explain.bridge import steps_that_matter
from pipelines.replenishment.explain.difference_words import REASONS
from pipelines.replenishment.explain.product_explanation import SOURCES, ExplanationSources, explain_product
from pipelines.replenishment.explain.records import BridgeStep, LeadTimeChance, ProductExplanation, SettingInForce
from pipelines.replenishment.explain.used_values import used_values
from pipelines.storage import tables
from pipelines.storage.tables import Table
from planner.frame.browser_sentences import without_commands
from planner.shown.published_view import PublishedView
from planner.shown.service.decision_review import Arrival, arrivals_of
from planner.shown.weeks_picture import seconds

RECEIPTS_SHOWN: Final = 20
_OUTSIDE: Final = 0.05


@dataclass(frozen=True)
class WaterfallStep:
    """A step of the bridge as a bar: from where to where, as shares of the width; the bar of a result begins at 0."""

    step: BridgeStep
    start: float
    width: float
    direction: str


@dataclass(frozen=True)
class SettingShown:
    """A setting in force with its description, and the words for where it comes from."""

    setting: SettingInForce
    label: str
    described: Parameter | None
    value: str
    origin: str
    used: str = ""
    """What the plan uses if it is not the value, and where that comes from."""


@dataclass(frozen=True)
class ProductView:
    """A product's explanation and what stands beside it."""

    explanation: ProductExplanation
    sentences: Sequence[str]
    waterfall: Sequence[WaterfallStep]
    idle_steps: Sequence[BridgeStep]
    settings: Sequence[SettingShown]
    chart: dict[str, Any]
    advice: Sequence[dict[str, Any]]
    receipts: Sequence[dict[str, Any]]
    arrivals: Sequence[Arrival]
    months: Sequence[dict[str, Any]]
    differences: Sequence[dict[str, Any]]


def product_view(view: PublishedView, product_code: str) -> ProductView:
    """Everything of one product.

    Raises:
        UsageError: the plan has no such product, or an earlier version made it.
    """
    explanation = explanation_of(view, product_code)
    matter, idle = steps_that_matter(explanation.bridge)
    code = explanation.plan.product_code
    receipts = view.rows(tables.PURCHASE_RECEIPTS, of=[code]).sort("received_date", descending=True, nulls_last=True)
    months = view.rows(tables.SALES_MONTHLY, of=[code]).sort("month", descending=True)
    return ProductView(
        explanation,
        [plain_names(without_commands(sentence)) for sentence in explanation.sentences],
        waterfall(matter),
        idle,
        settings_shown(explanation),
        chart_of(explanation),
        view.rows(tables.OPEN_ORDER_ADVICE, of=[code]).sort("money_at_stake", descending=True).to_dicts(),
        receipts.head(RECEIPTS_SHOWN).to_dicts(),
        arrivals_of(view, code),
        months.to_dicts(),
        _differences(view, code),
    )


def _differences(view: PublishedView, code: str) -> list[dict[str, Any]]:
    """The sales lines for which our total of a month differs from Xero's, the latest first, with why."""
    rows = view.rows(tables.SALES_DIFFERENCES, of=[code]).sort("month", "demand_date", descending=True)
    return [row | {"why": REASONS.get(row["reason"], row["reason"])} for row in rows.to_dicts()]


def explanation_of(view: PublishedView, product_code: str) -> ProductExplanation:
    """How the number of a product was made, whatever the case in which its code was typed.

    Raises:
        UsageError: the plan has no such product, or an earlier version made it.
    """
    code = view.codes.find(product_code) or product_code
    return explain_product(_sources_of(view, code), code)


def waterfall(bridge: Sequence[BridgeStep]) -> list[WaterfallStep]:
    """The steps of a bridge as bars that begin where the last one ended; results begin at 0.

    >>> steps = [BridgeStep("+", "demand", 30.0), BridgeStep("-", "stock", 10.0), BridgeStep("", "need", 20.0)]
    >>> [(bar.start, bar.width, bar.direction) for bar in waterfall(steps)]
    [(0.0, 1.0, 'up'), (0.6667, 0.3333, 'down'), (0.0, 0.6667, 'result')]
    """
    ends, level = [], 0.0
    for step in bridge:
        begin = level if step.sign else 0.0
        level = begin + (-step.quantity if step.sign == "-" else step.quantity)
        ends.append((begin, level))
    low = min((min(pair) for pair in ends), default=0.0)
    span = max((max(pair) for pair in ends), default=0.0) - low or 1.0
    return [
        WaterfallStep(
            step, round((min(begin, end) - low) / span, 4), round(abs(end - begin) / span, 4),
            ("down" if end < begin else "up") if step.sign else "result",
        )
        for step, (begin, end) in zip(bridge, ends, strict=True)
    ]  # fmt: skip


def settings_shown(explanation: ProductExplanation) -> list[SettingShown]:
    """The settings in force, what people set first."""
    supplier = explanation.plan.supplier_name or "its supplier"
    origins = {"product": "this product", "supplier": supplier, "global": "all products", "default": "the default"}
    names = {explanation.plan.supplier_id or "": explanation.plan.supplier_name or ""}
    used = used_values(explanation.plan, explanation.settings)
    shown = [
        SettingShown(
            setting, label_of(setting.name), PARAMETERS.get(setting.name),
            value_in_words(setting.name, setting.value, names) if setting.value else "",
            origins.get(setting.origin, setting.origin), used.get(setting.name, ""),
        )
        for setting in explanation.settings
    ]  # fmt: skip
    return sorted(shown, key=lambda one: one.setting.origin == "default")


def usual_lead_time(chances: Sequence[LeadTimeChance]) -> str:
    """How long most orders take: the days between which nine of ten lie; empty if only one length is possible.

    >>> usual_lead_time([LeadTimeChance(7, 0.5), LeadTimeChance(9, 0.46), LeadTimeChance(21, 0.04)])
    'Nine of ten orders take 7 to 9 days.'
    """
    days, reached = sorted((chance.lead_time_days, chance.weight) for chance in chances), 0.0
    inside = []
    for length, weight in days:
        if reached + weight > _OUTSIDE and reached < 1 - _OUTSIDE:
            inside.append(length)
        reached += weight
    if len(inside) < 2:  # noqa: PLR2004, a range has two ends
        return ""
    return f"Nine of ten orders take {inside[0]} to {inside[-1]} days."


def chart_of(explanation: ProductExplanation) -> dict[str, Any]:
    """The numbers of the chart by week: sold, expected with its band, projected stock, weeks out of stock, arrivals.

    Weeks begin on the weekday of the plan's day, so that past and coming weeks meet there.
    """
    today = explanation.plan.as_of_date
    past = {week.week_start_date: week for week in explanation.sales_weekly}
    coming = {week.period_start_date: week for week in explanation.forecast}
    stock = {week.week_start: week.stock_at_end for week in explanation.projected_stock}
    weeks = sorted(past.keys() | coming.keys() | stock.keys())
    return {
        "today": seconds(today),
        "x": [seconds(week) for week in weeks],
        "sold": [past[week].quantity if week in past else None for week in weeks],
        "expected": [coming[week].quantity if week in coming else None for week in weeks],
        "low": [coming[week].quantity_low if week in coming else None for week in weeks],
        "high": [coming[week].quantity_high if week in coming else None for week in weeks],
        "stock": [stock.get(week) for week in weeks],
        "out": [seconds(day) for day in explanation.stock_out_days],
        "arrivals": [
            [seconds(order.estimated_arrival_date), order.quantity]
            for order in explanation.open_orders
            if order.is_counted and order.estimated_arrival_date is not None
        ],
    }


def _sources_of(view: PublishedView, code: str) -> ExplanationSources:
    """What an explanation of one product is made from: of each table with products only those that count for it."""
    products = {code, *sold_as(demand_ways(view.transfer_settings, code), code), *sold_as(view.ways_of_demand, code)}

    def frame(table: Table) -> pl.DataFrame:
        if table is tables.ORDER_PLAN:
            return view.order_plan
        rows = view.rows(table, of=products if "product_code" in table.columns else None)
        if table is tables.PLAN_SETTINGS:
            return pl.concat([rows, view.transfer_settings.filter(~pl.col("product_code").is_in(products))])
        return rows

    return ExplanationSources(*(frame(table) for table in SOURCES))
