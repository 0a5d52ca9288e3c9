"""`stocktrim explain`: how one product's number was made.

Read more in docs/maths.md.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stocktrim_cli.output import out, show_json, show_table
from stocktrim_cli.runs import DEFAULT_ORGANISATION, JsonOption, OrganisationOption

if TYPE_CHECKING:
    import polars as pl

MONTHS_SHOWN = 13
TRANSACTIONS_SHOWN = 10
TRANSACTION = (
    "demand_date", "invoice_number", "status", "customer_name", "sold_quantity", "credited_quantity", "quantity",
)  # fmt: skip
OPEN_ORDER = (
    "purchase_order_number", "quantity", "expected_arrival_date", "reckoned_arrival_date", "is_counted", "rule",
)  # fmt: skip
SHOWN_CHANCES = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99)


def explain(
    product_code: Annotated[str, typer.Argument(metavar="PRODUCT_CODE", help="The product's code.")],
    *,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Explain a product's line of the plan: the bridge, the forecast behind it, the stock that follows, the settings.

    Example: `stocktrim explain P-0001`
    """
    from pipelines.replenishment.explain import bridge, sentences

    told = _gather(organisation, product_code)
    row = told["plan"]
    steps = bridge(row)
    if as_json:
        show_json(told | {"bridge": [vars(step) for step in steps], "sentences": sentences(row)})
        return
    show_table(
        f"{product_code}  {row['product_name']}  ({row['supplier_name'] or 'no supplier'}), as of {row['as_of_date']}",
        ["", "what", "pieces"], [[step.sign, step.label, step.quantity] for step in steps], numbers=["pieces"],
    )  # fmt: skip
    for sentence in sentences(row):
        out.print(sentence, markup=False)
    _show_demand(told)
    show_table(
        "An order may take", ["days", "chance"],
        [[one["lead_time_days"], f"{one['weight']:.0%}"] for one in told["lead_times"]], numbers=["days", "chance"],
    )  # fmt: skip
    show_table(
        "Open orders", ["order", "pieces", "promised", "reckoned with", "counts", "rule"],
        [[one[name] for name in OPEN_ORDER] for one in told["open_orders"]], numbers=["pieces"],
    )  # fmt: skip
    show_table(
        "Projected stock at the expected pace, with this order", ["week from", "arrives", "sells", "left"],
        [list(one.values()) for one in told["projected_stock"]], numbers=["arrives", "sells", "left"],
    )  # fmt: skip
    show_table("Settings", ["setting", "value", "set at"], [list(one.values()) for one in told["settings"]])
    show_table(
        f"The latest of {len(told['transactions'])} sales lines behind it; --json lists all",
        ["day", "invoice", "status", "customer", "sold", "credited", "counts"],
        [[one[name] for name in TRANSACTION] for one in told["transactions"][:TRANSACTIONS_SHOWN]],
        numbers=["sold", "credited", "counts"],
    )  # fmt: skip


def _show_demand(told: dict[str, Any]) -> None:
    """What was sold, which model speaks for it, and how likely each demand of the horizon is."""
    show_table(
        "Sold by month", ["month", "pieces", "days out of stock"], [list(one.values()) for one in told["sales"]],
        numbers=["pieces", "days out of stock"],
    )  # fmt: skip
    choice = told["model"]
    if not choice:
        return
    out.print(f"Sells {choice['demand_class']}; forecast by {choice['model']}: {choice['reason']}.", markup=False)
    show_table(
        "Backtest of its class: loss against the textbook rule",
        ["model", "loss", "give or take", "chosen"],
        [[one["model"], *_against_the_floor(one), one["is_chosen"]] for one in told["model_scores"]],
        numbers=["loss", "give or take"],
    )  # fmt: skip
    show_table(
        f"Demand of {told['plan']['horizon_days']} days stays at or below", ["chance", "pieces"],
        [
            [f"{100 * one['probability']:g}%", one["quantity"]]
            for one in told["quantiles"] if one["probability"] in SHOWN_CHANCES
        ],
        numbers=["chance", "pieces"],
    )  # fmt: skip


def _against_the_floor(score: dict[str, Any]) -> tuple[str, str]:
    """How much more or less a model lost than the floor, and that share's standard error; nothing where unjudged."""
    if score["margin"] is None:
        return "", ""
    return f"{0 - score['margin']:+.0%}", f"{score['margin_error']:.0%}"


def _gather(organisation: str, product_code: str) -> dict[str, Any]:
    import polars as pl

    from pipelines import tables
    from pipelines.errors import UsageError
    from pipelines.replenishment.explain import open_orders, projected_stock, quantiles_of_horizon
    from pipelines.settings import read_settings
    from pipelines.snapshots import read_published

    folder = read_settings().organisation_folder(organisation)
    *frames, scores = read_published(
        folder, tables.ORDER_PLAN, tables.DEMAND_DAILY, tables.STOCK_ON_ORDER, tables.MODEL_CHOICE,
        tables.PLAN_SETTINGS, tables.DEMAND_QUANTILES, tables.DEMAND_FORECAST, tables.DEMAND_TRANSACTIONS,
        tables.LEAD_TIMES, tables.MODEL_SCORES,
    )  # fmt: skip
    plan, demand, on_order, choice, settings, quantiles, path, transactions, lengths = (
        frame.filter(pl.col("product_code") == product_code) for frame in frames
    )
    if plan.is_empty():
        raise UsageError(
            f"The plan of {organisation!r} has no product {product_code!r}; run `stocktrim load` and `stocktrim plan` "
            f"if it is new in Xero."
        )
    row = plan.to_dicts()[0]
    if row["expected_lead_time_days"] is None:
        raise UsageError(f"This plan was made by an earlier version; run `stocktrim plan -o {organisation}`, then ask.")
    of_class = scores.filter(pl.col("demand_class") == row["demand_class"]).sort("score")
    weeks = path.sort("period_start_date").select("period_start_date", "quantity").rows()
    on_order = open_orders(plan, on_order, lengths)
    arrivals = on_order.filter("is_counted").select("reckoned_arrival_date", "quantity").rows()
    return {
        "plan": row,
        "model": next(iter(choice.to_dicts()), None),
        "model_scores": of_class.to_dicts(),
        "sales": _by_month(demand).to_dicts(),
        "quantiles": [
            {"probability": share, "quantity": pieces}
            for share, pieces in quantiles_of_horizon(quantiles, row["horizon_days"])
        ],
        "lead_times": lengths.drop("product_code").to_dicts(),
        "projected_stock": [vars(week) for week in projected_stock(row, weeks, arrivals)],
        "open_orders": on_order.to_dicts(),
        "transactions": transactions.sort("demand_date", "invoice_number", descending=True).to_dicts(),
        "settings": settings.drop("product_code").to_dicts(),
    }


def _by_month(demand: "pl.DataFrame") -> "pl.DataFrame":
    """Sales of the last months, and on how many days of each nobody could buy, as far as that is known."""
    import polars as pl

    is_out = (
        pl.col("is_stocked_out").fill_null(value=False) if "is_stocked_out" in demand.columns else pl.lit(value=False)
    )
    return (
        demand.with_columns(is_out=is_out)
        .group_by(month=pl.col("demand_date").dt.strftime("%Y-%m"))
        .agg(pl.col("quantity").sum(), days_out_of_stock=pl.col("is_out").sum())
        .sort("month")
        .tail(MONTHS_SHOWN)
    )
