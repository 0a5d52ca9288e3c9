"""`stocktrim explain`: how one product's number was made.

Read more in docs/maths.md.
"""

from typing import Annotated, Any

import typer

from stocktrim_cli.output import out, show_json, show_table
from stocktrim_cli.runs import DEFAULT_ORGANISATION, JsonOption, OrganisationOption

MONTHS_SHOWN = 13


def explain(
    product_code: Annotated[str, typer.Argument(metavar="PRODUCT_CODE", help="The product's code.")],
    *,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Explain a product's line of the plan: the bridge, the forecast behind it, the settings and where they come from.

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
    show_table("Sold by month", ["month", "pieces"], [list(one.values()) for one in told["sales"]], numbers=["pieces"])
    show_table(
        "Open orders", ["order", "pieces", "expected", "counts", "rule"],
        [[one[name] for name in ("purchase_order_number", "quantity", "expected_arrival_date", "is_counted", "rule")]
         for one in told["open_orders"]], numbers=["pieces"],
    )  # fmt: skip
    choice = told["model"]
    if choice:
        out.print(f"Sells {choice['demand_class']}; forecast by {choice['model']}: {choice['reason']}.", markup=False)
    show_table("Settings", ["setting", "value", "set at"], [list(one.values()) for one in told["settings"]])


def _gather(organisation: str, product_code: str) -> dict[str, Any]:
    import polars as pl

    from pipelines import tables
    from pipelines.errors import UsageError
    from pipelines.settings import read_settings
    from pipelines.snapshots import read_published

    folder = read_settings().organisation_folder(organisation)
    plan, demand, on_order, choice, settings = (
        frame.filter(pl.col("product_code") == product_code)
        for frame in read_published(
            folder, tables.ORDER_PLAN, tables.DEMAND_DAILY, tables.STOCK_ON_ORDER, tables.MODEL_CHOICE,
            tables.PLAN_SETTINGS,
        )
    )  # fmt: skip
    if plan.is_empty():
        raise UsageError(
            f"The plan of {organisation!r} has no product {product_code!r}; run `stocktrim load` and `stocktrim plan` "
            f"if it is new in Xero."
        )
    months = (
        demand.group_by(month=pl.col("demand_date").dt.strftime("%Y-%m"))
        .agg(pl.col("quantity").sum())
        .sort("month")
        .tail(MONTHS_SHOWN)
    )
    return {
        "plan": plan.to_dicts()[0],
        "model": next(iter(choice.to_dicts()), None),
        "sales": months.to_dicts(),
        "open_orders": on_order.to_dicts(),
        "settings": settings.drop("product_code").to_dicts(),
    }
