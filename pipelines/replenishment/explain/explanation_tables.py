"""The tables of an explanation with their titles and headings, as the terminal and Dagster show them.

What belongs here: which records are shown, under which words. What does not: printing (the command), Markdown
(Dagster).
Read more in docs/operations.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.replenishment.explain.records import ModelScore, ProductExplanation
from pipelines.replenishment.explain.sentences import model_sentence

# Of the many probabilities of a forecast, those that a person is shown.
PROBABILITIES_SHOWN: Final = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99)
SCORES_TITLE: Final = "Backtest of its class: share of the textbook rule's loss that is saved (positive is better)"


@dataclass(frozen=True)
class ExplanationTable:
    """Rows under a title and headings; `numbers` are the headings of numbers, `sentence` stands before the table."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[object]]
    numbers: Sequence[str] = ()
    sentence: str = ""

    def first(self, count: int | None) -> "ExplanationTable":
        """The table with its first rows only, and a title that says so."""
        if count is None or count >= len(self.rows):
            return self
        title = f"{self.title} ({count} of {len(self.rows)})"
        return ExplanationTable(title, self.headings, self.rows[:count], self.numbers, self.sentence)


def bridge_table(explanation: ProductExplanation) -> ExplanationTable:
    """The bridge, under the product, its supplier and the day of the plan."""
    line = explanation.plan
    return ExplanationTable(
        f"{line.product_code}  {line.product_name}  ({line.supplier_name or 'no supplier'}), as of {line.as_of_date}",
        ("", "what", "units"), [(step.sign, step.label, step.quantity) for step in explanation.bridge], ("units",),
    )  # fmt: skip


def scores_table(model_scores: Sequence[ModelScore], *, sentence: str = "") -> ExplanationTable:
    """What each model saved in the backtest of a class."""
    return ExplanationTable(
        SCORES_TITLE, ("model", "saved", "standard error", "chosen"),
        [(score.model, score.saved, score.saved_error, score.is_chosen) for score in model_scores],
        ("saved", "standard error"), sentence,
    )  # fmt: skip


def explanation_tables(
    explanation: ProductExplanation, *, weeks: int | None = None, orders: int | None = None,
    sales_lines: int | None = None,
) -> list[ExplanationTable]:  # fmt: skip
    """Every table but the bridge, in the order in which they are read, with so many rows of the long ones at most."""
    return [
        _sales_by_month(explanation),
        *_scores(explanation),
        _quantiles(explanation),
        _lead_times(explanation),
        _open_orders(explanation).first(orders),
        _projected_stock(explanation).first(weeks),
        *_other_suppliers(explanation),
        _settings(explanation),
        _sales_lines(explanation).first(sales_lines),
    ]


def _sales_by_month(explanation: ProductExplanation) -> ExplanationTable:
    rows = [(month.month, month.quantity, month.days_out_of_stock) for month in explanation.sales]
    return ExplanationTable(
        "Sold by month", ("month", "units", "days out of stock"), rows, ("units", "days out of stock")
    )


def _scores(explanation: ProductExplanation) -> list[ExplanationTable]:
    if explanation.model is None:
        return []
    sentence = model_sentence(explanation.plan, explanation.model)
    return [scores_table(explanation.model_scores, sentence=sentence)]


def _quantiles(explanation: ProductExplanation) -> ExplanationTable:
    rows = [
        (f"{100 * quantile.probability:g}%", quantile.quantity)
        for quantile in explanation.quantiles if quantile.probability in PROBABILITIES_SHOWN
    ]  # fmt: skip
    title = f"Demand of {explanation.plan.horizon_days} days stays at or below"
    return ExplanationTable(title, ("probability", "units"), rows, ("probability", "units"))


def _lead_times(explanation: ProductExplanation) -> ExplanationTable:
    rows = [(chance.lead_time_days, f"{chance.weight:.0%}") for chance in explanation.lead_times]
    return ExplanationTable("Possible lead times", ("days", "probability"), rows, ("days", "probability"))


def _open_orders(explanation: ProductExplanation) -> ExplanationTable:
    rows = [
        (
            order.purchase_order_number, order.ordered_product_code, order.quantity, order.expected_arrival_date,
            order.estimated_arrival_date, order.is_counted, order.rule,
        )
        for order in explanation.open_orders
    ]  # fmt: skip
    headings = ("order", "ordered as", "units", "promised", "planned with", "counts", "rule")
    return ExplanationTable("Open orders", headings, rows, ("units",))


def _projected_stock(explanation: ProductExplanation) -> ExplanationTable:
    rows = [(week.week_start, week.arrivals, week.demand, week.stock_at_end) for week in explanation.projected_stock]
    return ExplanationTable(
        "Projected stock with expected demand and this order", ("week from", "arrives", "sells", "left"), rows,
        ("arrives", "sells", "left"),
    )  # fmt: skip


def _other_suppliers(explanation: ProductExplanation) -> list[ExplanationTable]:
    rows = [
        (
            other.other_supplier_name, other.unit_cost_in_base, other.other_unit_cost_in_base, other.other_quantity,
            other.other_arrival_date, other.days_sooner, other.money_saved, other.advice,
        )
        for other in explanation.other_suppliers
    ]  # fmt: skip
    headings = ("supplier", "unit cost now", "unit cost there", "units", "arrives", "days sooner", "saves", "advice")
    numbers = ("unit cost now", "unit cost there", "units", "days sooner", "saves")
    title = "The same order from other suppliers, in base currency"
    return [ExplanationTable(title, headings, rows, numbers)] if rows else []


def _settings(explanation: ProductExplanation) -> ExplanationTable:
    names = {explanation.plan.supplier_id: explanation.plan.supplier_name}
    rows = [(setting.name, names.get(setting.value, setting.value), setting.origin) for setting in explanation.settings]
    return ExplanationTable("Settings", ("setting", "value", "set at"), rows)


def _sales_lines(explanation: ProductExplanation) -> ExplanationTable:
    rows = [
        (
            line.demand_date, line.invoice_number, line.product_code, line.status, line.customer_name,
            line.sold_quantity, line.credited_quantity, line.counted_quantity,
        )
        for line in explanation.transactions
    ]  # fmt: skip
    headings = ("day", "invoice", "sold as", "status", "customer", "sold", "credited", "counts")
    return ExplanationTable("Sales lines, the latest first", headings, rows, ("sold", "credited", "counts"))
