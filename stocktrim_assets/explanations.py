"""What Dagster shows of one product: everything that `stocktrim explain` tells, as Markdown with a picture.

What belongs here: the order of the parts, their headings and how much of each is shown. What does not: what is told
(`pipelines/replenishment/explain/product_explanation.py`).
Read more in docs/operations.md.
"""

from collections.abc import Mapping
from typing import Any, Final

from pipelines.replenishment.explain.bridge import SAVED_TITLE, model_sentence, saved_in_words
from pipelines.replenishment.explain.product_explanation import CHANCES_TOLD
from pipelines.replenishment.explain.product_picture import explained_svg
from stocktrim_assets.reports import escaped, picture, table_text

WEEKS_SHOWN: Final = 26
ORDERS_SHOWN: Final = 20
_BRIDGE: Final = {"sign": "", "label": "what", "quantity": "pieces"}
_SALES: Final = {"month": "month", "quantity": "pieces", "days_out_of_stock": "days out of stock"}
_SCORES: Final = {"model": "model", "margin": "saved", "margin_error": "standard error", "is_chosen": "chosen"}
_QUANTILES: Final = {"probability": "chance", "quantity": "pieces"}
_LENGTHS: Final = {"lead_time_days": "days", "weight": "chance"}
_ORDERS: Final = {
    "purchase_order_number": "order", "ordered_product_code": "ordered as", "quantity": "pieces",
    "expected_arrival_date": "promised", "reckoned_arrival_date": "reckoned with", "is_counted": "counts",
    "rule": "rule",
}  # fmt: skip
_STOCK: Final = {"week_start": "week from", "arrivals": "arrives", "demand": "sells", "stock_at_end": "left"}
_SETTINGS: Final = {"name": "setting", "value": "value", "origin": "set at"}
_TRANSACTIONS: Final = {
    "demand_date": "day", "invoice_number": "invoice", "product_code": "sold as", "status": "status",
    "customer_name": "customer", "sold_quantity": "sold", "credited_quantity": "credited", "counted_quantity": "counts",
}  # fmt: skip


def explanation_text(told: Mapping[str, Any], *, transactions_shown: int) -> str:
    """What `explain_product` tells, in Markdown: the picture, the bridge, why, and what is behind it."""
    row, sales = told["plan"], told["transactions"]
    name, supplier = escaped(row["product_name"]), escaped(row["supplier_name"] or "no supplier")
    parts = [
        f"**{escaped(row['product_code'])}** {name} ({supplier}), as of {row['as_of_date']}",
        picture(explained_svg(told), "sales, forecast and projected stock"),
        table_text(told["bridge"], columns=_BRIDGE),
        "\n".join(f"- {escaped(sentence)}" for sentence in told["sentences"]),
        _titled("Sold by month", told["sales"], _SALES),
        _model(told),
        _titled(f"Demand of {row['horizon_days']} days stays at or below", _quantiles(told), _QUANTILES),
        _titled("An order may take", _in_percent(told["lead_times"], "weight"), _LENGTHS),
        _titled("Open orders", told["open_orders"], _ORDERS, shown=ORDERS_SHOWN),
        _titled(
            "Projected stock at the expected pace, with this order", told["projected_stock"], _STOCK, shown=WEEKS_SHOWN
        ),
        _titled("Settings", told["settings"], _SETTINGS),
        _titled("Sales lines behind it, the latest first", sales, _TRANSACTIONS, shown=transactions_shown),
    ]
    return "\n\n".join(part for part in parts if part)


def _model(told: Mapping[str, Any]) -> str:
    """Which model speaks for the product and why, and what each gained in the backtest."""
    choice = told["model"]
    if not choice:
        return ""
    chosen = model_sentence(told["plan"], choice)
    scores = [
        score | dict(zip(("margin", "margin_error"), saved_in_words(score), strict=True))
        for score in told["model_scores"]
    ]
    return f"{escaped(chosen)}\n\n{_titled(SAVED_TITLE, scores, _SCORES)}"


def _quantiles(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    return _in_percent([one for one in told["quantiles"] if one["probability"] in CHANCES_TOLD], "probability")


def _in_percent(records: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [one | {name: _percent(one[name]) for name in names} for one in records]


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f}%"


def _titled(title: str, records: list[dict[str, Any]], columns: Mapping[str, str], *, shown: int | None = None) -> str:
    """A table under its title, which says how much of it is left out."""
    told = records[:shown]
    less = f" ({len(told)} of {len(records)})" if len(told) < len(records) else ""
    return f"### {title}{less}\n\n{table_text(told, columns=columns) if told else 'None.'}"
