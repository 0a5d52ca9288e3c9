"""`stocktrim backtest`: what order policies would have done to a company's own last year, in service and in money.

Read more in docs/maths.md.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stocktrim_cli.chosen_organisation import (
    DEFAULT_ORGANISATION,
    UnsettledOrganisationOption,
    choose_organisation,
)
from stocktrim_cli.output import out, say, show_table
from stocktrim_cli.sales_options import (
    CreditNotesOption,
    DateOrderOption,
    DecimalOption,
    forms_of,
    left_out_sentence,
    sales_file_errors,
)

if TYPE_CHECKING:
    import polars as pl

    from pipelines.policy_backtest.past import History
    from pipelines.policy_backtest.policy_comparison import BacktestSettings
    from pipelines.replenishment.supplier_orders.money_rules import MoneyRules
    from sales_files.forms import Forms

SERVICE_LEVELS = ["90%", "95%", "98%", "99%"]
SHOWN = {
    "policy": "policy", "service_level": "target", "levels_kept": "within level", "orders_kept": "cycle service",
    "weeks_kept": "weeks in stock", "fill_rate_units": "fill, units", "fill_rate_money": "fill, money",
    "average_stock_value": "stock", "lost_margin_a_week": "lost margin a week", "orders": "orders",
    "order_lines": "order lines",
}  # fmt: skip
WITH_TERMS = SHOWN | {"supplier_orders": "suppliers' orders"}
SHARES = ("service_level", "levels_kept", "orders_kept", "weeks_kept", "fill_rate_units", "fill_rate_money")
WORDS = ("policy", "demand_class")
BESIDE = {
    "policy": "policy", "weeks_kept": "weeks in stock", "our_stock": "our stock", "stock": "its stock",
    "stock_ratio": "ours over its", "low": "from (90%)", "high": "to", "our_lost_margin": "our lost margin then",
    "lost_margin": "its lost margin",
}  # fmt: skip
PRICES = {
    "service_level": "target", "weeks_kept": "weeks in stock", "average_stock_value": "stock",
    "more_stock": "costs more", "lost_margin_a_week": "lost margin a week", "less_lost_margin": "saves a week",
}  # fmt: skip


def backtest(
    *,
    sales: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A CSV or Parquet file of sales, instead of an organisation's.")
    ] = None,
    credit_notes: CreditNotesOption = "",
    date_order: DateOrderOption = None,
    decimal: DecimalOption = None,
    lead_time_days: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            max=730,
            help="Days from order to arrival, for every product; without it from receipts, the file's column, or 14.",
        ),
    ] = None,
    order_frequency_days: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=365,
            help="Days between orders; without it the organisation's setting, 7 for a file.",
        ),
    ] = None,
    service_level: Annotated[
        list[str] | None, typer.Option(metavar="P", help="A target such as 95%; may be given several times.")
    ] = None,
    unmet_demand: Annotated[
        str | None,
        typer.Option(
            metavar="lost|backordered",
            help="What happens to demand without stock; without it the setting, lost for a file.",
        ),
    ] = None,
    minimum: Annotated[
        str, typer.Option(metavar="AMOUNT", help="The minimum of every supplier's order; without it the settings.")
    ] = "",
    budget: Annotated[
        str, typer.Option(metavar="AMOUNT", help="Most money for all orders of a review; without it spend_cap.")
    ] = "",
    seed: Annotated[int, typer.Option(help="The same seed gives the same numbers.")] = 0,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write everything to this file too.")] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Write the picture of stock against service to this file.")
    ] = None,
    organisation: UnsettledOrganisationOption = DEFAULT_ORGANISATION,
) -> None:
    """Backtest order policies on the last year, review by review, with only what was known then.

    The file has the columns product_code, date, quantity, and may have unit_cost, unit_price, lead_time_days,
    batch_size, minimum_order_quantity, customer and invoice_number; other usual headings are understood, and invoice
    lines as `stocktrim sandbox --sales` takes them. Negative lines are returns: they cancel the most recent sales of
    the product before them, of the same customer if the file names customers. If the file can be read in two ways a
    sentence names the option that decides, such as --date-order dmy or --decimal ,

    A cost or price of 0 counts as missing. Without a cost a unit costs half its price, without a price it sells for
    twice its cost, and without both it costs 1. A row sells on its date: with one row a week, lead times and days
    between orders should be whole weeks.

    For an organisation its own order policy is used, for the products that are planned today. Prices, costs, batches
    and settings of the past are not kept, so today's are used.

    The limits of a plan are replayed: minimum and maximum shelf levels, minimum order quantities, batches, suppliers'
    order days and shutdowns. On a day out of stock customers want what they bought on such a weekday near it.

    Suppliers' minimums and the spend cap are replayed too. Our policy then also runs without them, and with its orders
    raised and cut in proportion, as those of every other policy are. A file has one supplier.

    Example: `stocktrim backtest --sales sales.parquet --lead-time-days 21 --service-level 95%`
    """
    from pipelines.policy_backtest.frontier_picture import frontier_svg
    from pipelines.policy_backtest.level_prices import OURS
    from pipelines.policy_backtest.money_terms import terms_in_words
    from pipelines.policy_backtest.policy_comparison import (
        models_in_words,
        products_in_words,
        run_backtest,
        settings_in_words,
    )
    from pipelines.policy_backtest.replay.organisation_past import what_is_kept
    from pipelines.policy_backtest.report import at_equal_service

    for file in (json, picture):
        _check_can_be_written(file)
    _check_is_svg(picture)
    organisation = "" if sales else choose_organisation(organisation)
    settings = _settings_of(organisation or None)
    chosen = _backtest_settings(settings, service_level or SERVICE_LEVELS, order_frequency_days, unmet_demand, seed)
    forms = forms_of(date_order, decimal, credit_notes)
    rules = _rules(settings, minimum, budget)
    history = (
        _of_file(sales, forms, lead_time_days, rules)
        if sales
        else _of_organisation(organisation, lead_time_days, rules)
    )
    say(f"  {settings_in_words(chosen)}")
    if limits := what_is_kept(history):
        say(f"  {limits}")
    terms = terms_in_words(history.money)
    tested = run_backtest(history, chosen, progress=lambda sentence: say(f"  {sentence}"))
    results, beside = tested.results, at_equal_service(tested.counts, OURS)
    for sentence in (products_in_words(tested), models_in_words(tested)):
        out.print(sentence, markup=False)
    prices = _show_all(results, WITH_TERMS if terms else SHOWN)
    _show("At the same share of weeks without a stock-out", beside, BESIDE)
    if json:
        everything = {
            "what_is_replayed": settings_in_words(chosen), "which_products": products_in_words(tested),
            "which_models": models_in_words(tested), "models": dict(tested.models),
            "model_comparisons": tested.comparisons, "reviews": tested.reviews,
            "products": tested.products, "products_left_out": tested.products_left_out,
            "first_review": tested.first_review.isoformat(), "results": results.to_dicts(),
            "price_list": prices.to_dicts(), "at_equal_service": beside.to_dicts(),
            "frontier_svg": frontier_svg(results),
        }  # fmt: skip
        _write(json, _as_json(everything))
        out.print(f"Everything is in {json}.", markup=False)
    if picture:
        _write(picture, frontier_svg(results))
        out.print(f"The picture is in {picture}.", markup=False)


def _check_can_be_written(file: Path | None) -> None:
    from pipelines.errors import UsageError

    if file and not file.absolute().parent.is_dir():
        raise UsageError(f"There is no folder {file.parent}; make it, or give another file.")
    if file and file.is_dir():
        raise UsageError(f"{file} is a folder; give the path of a file.")


def _check_is_svg(picture: Path | None) -> None:
    from pipelines.errors import UsageError

    if picture and picture.suffix.lower() != ".svg":
        raise UsageError(f"The picture is an SVG, so its file must end in .svg; {picture.name} does not.")


def _settings_of(organisation: str | None) -> "pl.DataFrame":
    """The settings of an organisation, with defaults; without an organisation the defaults."""
    from pipelines.organisations.open_organisation import open_organisation
    from pipelines.planning_settings.registry import with_defaults
    from pipelines.settings import read_settings
    from pipelines.storage import tables
    from pipelines.store.setting_ledger.setting_changes import explicit_settings

    if organisation is None:
        return with_defaults(tables.empty(tables.PLANNING_SETTINGS))
    opened = open_organisation(read_settings(), organisation)
    return with_defaults(explicit_settings(opened.store, opened.key))


def _backtest_settings(
    settings: "pl.DataFrame", levels: list[str], order_frequency_days: int | None, unmet_demand: str | None, seed: int
) -> "BacktestSettings":
    """The backtest settings of an organisation, replaced by the options that are given."""
    from pipelines.planning_settings.registry import parse_setting
    from pipelines.policy_backtest.policy_comparison import backtest_settings
    from pipelines.replenishment.decision.input_validation import order_policy

    shares = {float(parse_setting("service_level", level, "global")) for level in levels}
    own = backtest_settings(settings, service_levels=sorted(shares))
    unmet = own.order_policy.unmet_demand if unmet_demand is None else order_policy("cycle", unmet_demand).unmet_demand
    return replace(
        own, order_policy=replace(own.order_policy, unmet_demand=unmet), seed=seed,
        order_frequency_days=own.order_frequency_days if order_frequency_days is None else order_frequency_days,
    )  # fmt: skip


def _show_all(results: "pl.DataFrame", shown: dict[str, str]) -> "pl.DataFrame":
    """Show every table with the columns in `shown`, and return the price list of our policy."""
    from pipelines.policy_backtest.level_prices import OURS, price_list
    from pipelines.policy_backtest.report import policies_by_class

    is_of_all = results["demand_class"] == "all"
    own = results.filter((results["policy"] == OURS) & ~is_of_all).sort("demand_class", "service_level")
    prices, by_class = price_list(results, OURS), policies_by_class(results)
    _show("Backtest of the last year", results.filter(is_of_all), shown)
    _show("Our policy by demand pattern", own, {"demand_class": "demand pattern"} | shown)
    headings = {name: name for name in by_class.columns} | {"demand_class": "demand pattern"}
    _show("Every policy by demand pattern: weeks in stock / stock", by_class, headings)
    _show("What a service level costs and saves", prices, PRICES)
    return prices


def _show(title: str, frame: "pl.DataFrame", columns: dict[str, str]) -> None:
    rows = [
        [f"{100 * row[name]:.1f}%" if name in SHARES and row[name] is not None else row[name] for name in columns]
        for row in frame.iter_rows(named=True)
    ]
    numbers = [heading for name, heading in columns.items() if name not in WORDS]
    show_table(title, list(columns.values()), rows, numbers=numbers)


def _rules(settings: "pl.DataFrame", minimum: str, budget: str) -> "MoneyRules":
    """The suppliers' minimums and the spend cap of the settings, replaced by the options that are given."""
    from pipelines.planning_settings.registry import parse_setting
    from pipelines.replenishment.supplier_orders.money_rules import money_rules

    rules = money_rules(settings, budget=budget)
    if not minimum:
        return rules
    return replace(rules, minimum_of_all=float(parse_setting("minimum_order_value", minimum, "supplier")))


def _of_file(file: Path, forms: "Forms", lead_time_days: int | None, rules: "MoneyRules") -> "History":
    from pipelines.planning_settings.setting_descriptions import PARAMETERS
    from pipelines.policy_backtest.past import make_history
    from pipelines.policy_backtest.replay.organisation_past import with_one_supplier
    from pipelines.policy_backtest.sales_file import check_facts, net_of_returns

    sales = _read(file, forms)
    check_facts(sales)
    netted = net_of_returns(sales)
    if netted.return_rows:
        say(f"  {netted.sentence}")
    days = int(PARAMETERS["lead_time_days"].default) if lead_time_days is None else lead_time_days
    given = netted.sales if lead_time_days is None else netted.sales.drop("lead_time_days", strict=False)
    rate = float(PARAMETERS["holding_cost_rate"].default)
    return with_one_supplier(make_history(given, lead_time_days=days), rules, holding_cost_rate=rate)


def _read(file: Path, forms: "Forms") -> "pl.DataFrame":
    """The sales and returns of a file, after sentences on how it was read and which rows are left out."""
    from sales_files.forms import PRODUCT_SALES
    from sales_files.reading import read_sales

    with sales_file_errors():
        read = read_sales(file, PRODUCT_SALES, forms)
    for sentence in (*read.notes, *(left_out_sentence(left, read.row_count) for left in read.left_out)):
        say(f"  {sentence}")
    return read.used


def _of_organisation(organisation: str, lead_time_days: int | None, rules: "MoneyRules") -> "History":
    from pipelines.policy_backtest.replay.organisation_past import PAST, past_of
    from pipelines.settings import read_settings
    from pipelines.storage.snapshots import read_published

    folder = read_settings().organisation_folder(organisation)
    return past_of(read_published(folder, *PAST), rules, lead_time_days=lead_time_days)


def _as_json(everything: dict[str, Any]) -> str:
    import json

    return json.dumps(everything, indent=2) + "\n"


def _write(file: Path, text: str) -> None:
    from pipelines.errors import DataError

    try:
        file.write_text(text)
    except OSError as trouble:
        raise DataError(f"{file} cannot be written: {trouble.strerror}.") from None
