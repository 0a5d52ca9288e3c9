"""`stocktrim plan`: forecast, decide what to order, draft the orders; `stocktrim plan show` shows the newest plan.

Read more in docs/maths.md.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stocktrim_cli.chosen_organisation import (
    DEFAULT_ORGANISATION,
    UnsettledOrganisationOption,
    choose_organisation,
    command_for,
)
from stocktrim_cli.exceptions.listed_exceptions import kinds_of, print_top
from stocktrim_cli.load import print_warnings
from stocktrim_cli.orders.drafts_of_plan import say_what_became_of_drafts
from stocktrim_cli.output import counted, out, say, show_json, show_table, text_of
from stocktrim_cli.plan_lines import later_orders
from stocktrim_cli.plan_money import read_money, say_what_drafts_come_to, say_what_is_not_counted, show_money, suppliers
from stocktrim_cli.plan_now import lines_now, open_totals
from stocktrim_cli.plan_show import show
from stocktrim_cli.runs import JsonOption, RebuildOption, run_job

if TYPE_CHECKING:
    import polars as pl

MOST_URGENT = 10
NAMED = 5
BRIDGE = {
    "product_code": "product",
    "order_quantity": "order",
    "assembly_quantity": "assemble",
    "demand_before_arrival": "before arrival",
    "demand_in_cover": "in coverage",
    "safety_stock": "+ safety",
    "stock_on_hand": "- on hand",
    "stock_committed": "+ committed",
    "assembly_requirement": "± assemblies",
    "stock_on_order_in_time": "- on order",
    "demand_lost_before_arrival": "- lost",
    "timing_adjustment": "± timing",
    "needed_quantity": "= need",
    "quantity_after_minimum": "minimum",
    "quantity_after_batch": "batch",
    "quantity_after_cap": "cap",
    "quantity_after_supplier_minimum": "supplier minimum",
    "quantity_after_budget": "budget",
    "days_to_stock_out": "days left",
}


_ASSEMBLY = ("assembly_quantity", "assembly_requirement")
"""Columns that are shown only if something is assembled."""
plan = typer.Typer()
plan.command()(show)
plan.command()(suppliers)


@plan.callback(invoke_without_command=True)
def make_plan(
    context: typer.Context,
    *,
    as_of: Annotated[
        str, typer.Option(metavar="DATE", help="Plan as of this day; default: the organisation's today.")
    ] = "",
    budget: Annotated[
        str,
        typer.Option(
            metavar="AMOUNT", help="Most money for all orders of this plan, in base currency; default: spend_cap."
        ),
    ] = "",
    rebuild: RebuildOption = False,
    organisation: UnsettledOrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Plan what to order, and draft one order per supplier; `stocktrim plan show` shows the newest plan.

    Example: `stocktrim plan --budget 20000`
    """
    from pipelines.replenishment.supplier_orders.money_rules import check_budget
    from pipelines.settings import read_day

    if context.invoked_subcommand:
        if as_of or budget or rebuild or organisation or as_json:
            raise typer.BadParameter(f"Put the options after `{context.invoked_subcommand}`.")
        return
    organisation = choose_organisation(organisation)
    if as_of:
        read_day(as_of)
    if budget:
        budget = check_budget(budget)
    options = {"decisions": {"config": {"as_of": as_of}}, "order_plan": {"config": {"budget": budget}}}
    result = run_job("plan", organisation=organisation, ops=options, rebuild=rebuild)
    summary, order_plan = read_plan(organisation)
    now = open_totals(lines_now(organisation, summary, order_plan))
    supplier_orders, adjustments = read_money(organisation)
    if as_json:
        show_json(
            {
                "summary": summary, "now": now, "order_plan": order_plan.to_dicts(),
                "supplier_orders": supplier_orders.to_dicts(),
                "order_adjustments": adjustments.to_dicts(), "exceptions": kinds_of(organisation),
            }
        )  # fmt: skip
        return
    show_plan(summary, order_plan, organisation=organisation, now=now)
    say_what_is_not_counted(order_plan, summary, organisation=organisation, budget=budget)
    show_money(supplier_orders, adjustments, organisation=organisation)
    _print_drafts(organisation, order_plan)
    say_what_became_of_drafts(organisation, summary["plan_id"])
    say_what_drafts_come_to(organisation)
    print_warnings(result)
    print_top(organisation)
    then = (command_for(organisation, words) for words in ("orders list", "orders approve ORDER"))
    out.print(f"Next: {', then '.join(then)}", markup=False)


def read_plan(organisation: str) -> "tuple[dict[str, Any], pl.DataFrame]":
    """The published plan: its summary and its lines, one row per product."""
    from pipelines.replenishment.plan.plan_summary import newest_last
    from pipelines.settings import read_settings
    from pipelines.storage import tables
    from pipelines.storage.snapshots import read_published

    folder = read_settings().organisation_folder(organisation)
    summaries, order_plan = read_published(folder, tables.PLAN_SUMMARY, tables.ORDER_PLAN)
    newest = newest_last(summaries, order_plan).tail(1).to_dicts()
    return next(iter(newest), {}), order_plan


def show_plan(
    summary: "dict[str, Any]", order_plan: "pl.DataFrame", *, organisation: str, now: "dict[str, Any] | None" = None
) -> None:
    """Print the plan's totals, and its most urgent lines with their bridge.

    `now` is what is still to be ordered after what people decided; without it nobody decided anything.
    """
    money, still = summary["currency"], now or summary
    show_table(
        f"Plan {summary['plan_id']} as of {summary['as_of_date']}",
        ["", "products", f"value in {money}", f"cost in {money}"],
        [
            ["to order", still["products_to_order"], still["order_value"], ""],
            *([["decided by people", now["products_decided"], "", ""]] if now and now["products_decided"] else []),
            [
                "understocked", summary["products_understocked"], summary["understock_value"],
                f"{text_of(summary['understock_margin_lost'])} lost margin without an order",
            ],
            *_held_back(order_plan),
            [
                "overstocked", summary["products_overstocked"], summary["overstock_value"],
                f"{text_of(summary['overstock_holding_cost'])} a year to hold",
            ],
            ["out of stock", summary["products_out_of_stock"], summary["out_of_stock_value"], ""],
            ["late orders", summary["late_orders"], summary["late_on_order_value"], ""],
        ],
        numbers=["products", f"value in {money}", f"cost in {money}"],
    )  # fmt: skip
    for sentence in missing_prices(order_plan):
        say(sentence)
    if summary["lead_times_to_review"]:
        products = counted(summary["lead_times_to_review"], "product")
        say(
            f"Receipts contradict the lead times that were set for {products}: "
            f"{command_for(organisation, 'settings accept-lead-times --all --dry-run')} shows them."
        )
    if summary["is_stale"]:
        say("This plan was made from old data: load again before you order.")
    for sentence in [*to_assemble(order_plan), *later_orders(order_plan)]:
        say(sentence)
    urgent = most_urgent(order_plan)
    bridge = {name: heading for name, heading in BRIDGE.items() if name not in _ASSEMBLY or (urgent[name] != 0).any()}
    show_table(
        f"The {urgent.height} most urgent lines: demand + safety - stock = need, then the limits",
        list(bridge.values()),
        urgent.select(list(bridge)).rows(),
        numbers=list(bridge.values())[1:],
    )


def to_assemble(order_plan: "pl.DataFrame") -> list[str]:
    """What to assemble, a sentence for each bundle."""
    import polars as pl

    from pipelines.replenishment.explain.sentences import assembly_sentence

    bundles = order_plan.filter(pl.col("assembly_quantity") > 0).sort("days_to_stock_out", "product_code")
    rows = bundles.select("product_code", "assembly_quantity", "assemble_now_quantity", "assembly_waits_for").rows()
    shown = [f"{code}: {assembly_sentence(quantity, now, waits)}" for code, quantity, now, waits in rows[:MOST_URGENT]]
    more = [f"{len(rows) - MOST_URGENT} more bundles to assemble."] if len(rows) > MOST_URGENT else []
    return shown + more


def _print_drafts(organisation: str, order_plan: "pl.DataFrame") -> None:
    """Print which of the most urgent lines are ordered because of a draft invoice."""
    from pipelines.replenishment.plan.draft_sales import behind_orders, draft_sentence, largest_drafts
    from pipelines.settings import read_settings
    from pipelines.storage import tables
    from pipelines.storage.snapshots import read_published

    folder = read_settings().organisation_folder(organisation)
    (transactions,) = read_published(folder, tables.DEMAND_TRANSACTIONS)
    for draft in behind_orders(largest_drafts(most_urgent(order_plan), transactions)).to_dicts():
        say(f"{draft['product_code']}: {draft_sentence(draft)}")


def _held_back(order_plan: "pl.DataFrame") -> list[list[object]]:
    """Rows for the understocked products that are not ordered, by reason."""
    is_short = order_plan["understock_quantity"] > 0
    reasons = {
        "capped": "of these, no room to order",
        "too_late_to_order": "of these, too late to order",
        "waits_for_supplier_minimum": "of these, waiting for a minimum",
        "left_out_by_spend_cap": "of these, left out by the spend cap",
    }
    held = {name: int((is_short & (order_plan["reason"] == reason)).sum()) for reason, name in reasons.items()}
    return [[name, count, None, ""] for name, count in held.items() if count]


def missing_prices(order_plan: "pl.DataFrame") -> list[str]:
    """A sentence for each missing price, with the products that lack it and the effect."""
    import polars as pl

    is_short, is_over = pl.col("understock_quantity") > 0, pl.col("overstock_quantity") > 0
    sentences = []
    for price, is_needed, effect in (
        ("sales price", is_short, "lost margin is not counted"),
        ("unit cost", is_short | is_over, "cost is not counted"),
        ("exchange rate", is_short | is_over, "the totals are too low"),
    ):
        lacking = order_plan.filter(is_needed, pl.col("missing_price").str.contains(price, literal=True))[
            "product_code"
        ]
        if lacking.len():
            named = ", ".join(lacking.head(NAMED)) + (", ..." if lacking.len() > NAMED else "")
            verb = "has" if lacking.len() == 1 else "have"
            sentences.append(f"{counted(lacking.len(), 'product')} {verb} no {price}, so {effect}: {named}.")
    return sentences


def most_urgent(order_plan: "pl.DataFrame") -> "pl.DataFrame":
    """The lines to order whose stock runs out first."""
    import polars as pl

    return (
        order_plan.filter(pl.col("order_action") != "none")
        .sort("days_to_stock_out", "understock_value", "product_code", descending=[False, True, False], nulls_last=True)
        .head(MOST_URGENT)
    )
