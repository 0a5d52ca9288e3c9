"""`stocktrim backtest`: what our rule and others would have done to a company's own last year, in service and in money.

Read more in docs/maths.md.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stocktrim_cli.output import out, say, show_table
from stocktrim_cli.runs import DEFAULT_ORGANISATION, OrganisationOption

if TYPE_CHECKING:
    import polars as pl

    from pipelines.replenishment.replay.history import History

SERVICE_LEVELS = ["90%", "95%", "98%", "99%"]
SHOWN = {
    "policy": "policy", "service_level": "asked", "orders_kept": "orders kept", "weeks_kept": "weeks kept",
    "fill_rate_units": "fill, units", "fill_rate_money": "fill, money", "average_stock_value": "stock",
    "lost_margin_a_week": "lost margin a week", "order_lines": "order lines",
}  # fmt: skip
PRICES = {
    "service_level": "asked", "weeks_kept": "weeks kept", "average_stock_value": "stock", "more_stock": "costs more",
    "lost_margin_a_week": "lost margin a week", "less_lost_margin": "saves a week",
}  # fmt: skip


def backtest(
    *,
    sales: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A CSV or Parquet file of sales, instead of an organisation's.")
    ] = None,
    lead_time_days: Annotated[
        int | None, typer.Option(metavar="N", help="Days from order to arrival, for every product.", min=0, max=730)
    ] = None,
    order_frequency_days: Annotated[int, typer.Option(metavar="N", help="Days between orders.", min=1, max=365)] = 7,
    service_level: Annotated[
        list[str] | None, typer.Option(metavar="P", help="A target such as 95%; may be given several times.")
    ] = None,
    unmet_demand: Annotated[str, typer.Option(help="What becomes of demand that finds an empty shelf.")] = "lost",
    seed: Annotated[int, typer.Option(help="The same seed gives the same numbers.")] = 0,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write everything to this file too.")] = None,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
) -> None:
    """Replay the last year, review by review, with only what was known then.

    The file has the columns product_code, date, quantity, and may have unit_cost, unit_price, lead_time_days,
    batch_size and minimum_order_quantity.

    Example: `stocktrim backtest --sales sales.parquet --lead-time-days 21 --service-level 95%`
    """
    from pipelines.errors import UsageError
    from pipelines.replenishment.checking import rule
    from pipelines.replenishment.parameters import parse_setting
    from pipelines.replenishment.replay.backtest import OURS, Asked, run_backtest
    from pipelines.replenishment.replay.picture import frontier_svg
    from pipelines.replenishment.replay.report import price_list

    if json and not json.absolute().parent.is_dir():
        raise UsageError(f"There is no folder {json.parent}; make it, or give another file.")
    if json and json.is_dir():
        raise UsageError(f"{json} is a folder; give the path of a file.")
    asked = Asked(
        order_frequency_days=order_frequency_days,
        service_levels=sorted(
            float(parse_setting("service_level", one, "global")) for one in service_level or SERVICE_LEVELS
        ),
        rule=rule("cycle", unmet_demand),
        seed=seed,
    )
    history = _of_file(sales, lead_time_days) if sales else _of_organisation(organisation, lead_time_days)
    told = run_backtest(history, asked, progress=lambda sentence: say(f"  {sentence}"))
    of_all = told.results.filter(told.results["demand_class"] == "all")
    _show("The last year, replayed", of_all, SHOWN)
    _show("Our rule by class of demand", _by_class(told.results, OURS), {"demand_class": "class"} | SHOWN)
    prices = price_list(told.results, OURS)
    _show("What a service level costs and saves", prices, PRICES)
    if json:
        picture = frontier_svg(told.results)
        _write(json, {"results": told.results.to_dicts(), "price_list": prices.to_dicts(), "frontier_svg": picture})
        out.print(f"Everything is in {json}.", markup=False)


def _by_class(results: "pl.DataFrame", policy: str) -> "pl.DataFrame":
    is_own = (results["policy"] == policy) & (results["demand_class"] != "all")
    return results.filter(is_own).sort("demand_class", "service_level")


def _show(title: str, frame: "pl.DataFrame", columns: dict[str, str]) -> None:
    shares = ("service_level", "orders_kept", "weeks_kept", "fill_rate_units", "fill_rate_money")
    rows = [
        [f"{100 * row[name]:.1f}%" if name in shares and row[name] is not None else row[name] for name in columns]
        for row in frame.iter_rows(named=True)
    ]
    show_table(title, list(columns.values()), rows, numbers=list(columns.values())[1:])


def _of_file(file: Path, lead_time_days: int | None) -> "History":
    import polars as pl

    from pipelines.errors import DataError
    from pipelines.replenishment.parameters import PARAMETERS
    from pipelines.replenishment.replay.history import make_history

    if not file.is_file():
        raise DataError(f"There is no file {file}; give the path of a CSV or Parquet file of sales.")
    try:
        is_csv = file.suffix.lower() in (".csv", ".txt")
        sales = _of_csv(file) if is_csv else pl.read_parquet(file)
    except (pl.exceptions.PolarsError, OSError) as trouble:
        says = str(trouble).strip().partition("\n")[0].rstrip(".")
        raise DataError(f"{file} cannot be read as a CSV or Parquet file: {says}.") from None
    days = int(PARAMETERS["lead_time_days"].default) if lead_time_days is None else lead_time_days
    return make_history(sales, lead_time_days=days)


def _of_csv(file: Path) -> "pl.DataFrame":
    """Codes as they are written, with their zeros in front; the other columns by what all their rows hold."""
    import polars as pl

    codes = {"product_code": pl.String}
    return pl.read_csv(file, try_parse_dates=True, schema_overrides=codes, infer_schema_length=None)


def _of_organisation(organisation: str, lead_time_days: int | None) -> "History":
    from pipelines import tables
    from pipelines.replenishment.replay.history import of_organisation
    from pipelines.settings import read_settings
    from pipelines.snapshots import read_published

    folder = read_settings().organisation_folder(organisation)
    frames = read_published(
        folder,
        tables.DEMAND_DAILY,
        tables.PRODUCTS,
        tables.ORDER_PLAN,
        tables.PLAN_SETTINGS,
        tables.LEAD_TIMES,
        tables.PURCHASE_RECEIPTS,
    )
    return of_organisation(*frames, lead_time_days=lead_time_days)


def _write(file: Path, told: dict[str, Any]) -> None:
    import json as text

    from pipelines.errors import DataError

    try:
        file.write_text(text.dumps(told, indent=2) + "\n")
    except OSError as trouble:
        raise DataError(f"{file} cannot be written: {trouble.strerror}.") from None
