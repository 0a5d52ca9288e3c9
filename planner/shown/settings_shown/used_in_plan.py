"""What the plan uses of each setting of a page where that is not the setting's value.

What belongs here: the lines of the plan that a page is about. What does not: what a line uses (`used_values.py`).
"""

import polars as pl

from pipelines.errors import UsageError
from pipelines.replenishment.explain.product_explanation import line_of
from pipelines.replenishment.explain.records import SettingInForce, records_of
from pipelines.replenishment.explain.used_values import used_values
from pipelines.replenishment.plan.statuses import NOT_PLANNED
from pipelines.storage import tables
from planner.shown.published_view import PublishedView
from planner.shown.settings_shown.level_page import Scope


def used_in_plan(view: PublishedView, scope: Scope) -> dict[str, str]:
    """A sentence by setting: of a product all, of a supplier or of all products the lead times that are estimated."""
    if scope.level == "product":
        return _of_product(view, scope.subject)
    if scope.level not in {"supplier", "global"}:
        return {}
    lines = view.order_plan.filter(pl.col("status") != NOT_PLANNED)
    lines = lines.filter(pl.col("supplier_id") == scope.subject) if scope.level == "supplier" else lines
    set_days = pl.col("lead_time_days") + pl.col("manufacturing_time_days").fill_null(0)
    days = lines.filter(pl.col("expected_lead_time_days") != set_days)["expected_lead_time_days"]
    return {} if days.is_empty() else {"lead_time_days": _estimates(days, lines.height)}


def _of_product(view: PublishedView, code: str) -> dict[str, str]:
    settings = view.rows(tables.PLAN_SETTINGS, pl.col("product_code") == code).select("name", "value", "origin")
    try:
        return used_values(line_of(view.order_plan, code), records_of(settings, SettingInForce))
    except UsageError:
        return {}


def _estimates(days: pl.Series, products: int) -> str:
    low, *_, high = sorted([*days.to_list(), days[0]])
    spread = f"{low} days" if low == high else f"{low} to {high} days"
    return f"{spread} for {days.len():,} of {products:,} product{'' if products == 1 else 's'}, estimated from receipts"
