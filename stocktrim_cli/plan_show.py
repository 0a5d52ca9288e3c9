"""`stocktrim plan show`: the newest plan, without planning again.

Read more in docs/interfaces.md.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.replenishment.plan.statuses import ORDER_LATER, STATUSES_NOW
from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption, command_for
from stocktrim_cli.groups.group_options import groups_now, products_in_group
from stocktrim_cli.output import out, show_json, show_table
from stocktrim_cli.plan_lines import (
    HEADINGS,
    LineFilter,
    chosen_lines,
    known_columns,
    sorted_lines,
    totals,
)
from stocktrim_cli.plan_now import lines_now, open_totals
from stocktrim_cli.runs import JsonOption

if TYPE_CHECKING:
    import polars as pl


SUPPLIERS_NAMED = 5


def show(
    *,
    status: Annotated[
        str, typer.Option(metavar="STATUS", help=f"{', '.join(STATUSES_NOW[:-1])} or {STATUSES_NOW[-1]}.")
    ] = "",
    supplier: Annotated[str, typer.Option(metavar="NAME", help="Only this supplier's products.")] = "",
    group: Annotated[str, typer.Option(metavar="NAME", help="Only products of this group.")] = "",
    search: Annotated[str, typer.Option(metavar="TEXT", help="Only products with this text in code or name.")] = "",
    late: Annotated[bool, typer.Option("--late", help="Only products with an open order that is late.")] = False,
    overstocked: Annotated[bool, typer.Option("--overstocked", help="Only products with too much stock.")] = False,
    sort: Annotated[
        str,
        typer.Option(metavar="COLUMN", help="Sort by this column, downwards with a minus: -value. Default: urgency."),
    ] = "",
    limit: Annotated[int, typer.Option(min=0, metavar="NUMBER", help="At most so many lines; 0 shows all.")] = 0,
    columns: Annotated[
        str,
        typer.Option(metavar="NAMES", help="Columns, separated by commas: of this table, of order_plan, or groups."),
    ] = "",
    by: Annotated[
        str, typer.Option("--by", metavar="WHAT", help="Totals instead of lines; by group is what there is.")
    ] = "",
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the lines to this CSV file.")] = None,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Show the newest plan, line by line, without planning again.

    Example: `stocktrim plan show --status order_now --supplier "Supplier 07" --sort -value --limit 20`
    """
    summary, order_plan = _published_plan(organisation)
    wanted = LineFilter(
        status, supplier, search, is_late=late, is_overstocked=overstocked,
        product_codes=products_in_group(organisation, group),
    )  # fmt: skip
    if "groups" in map(str.strip, columns.split(",")):
        order_plan = _with_groups(order_plan, organisation)
    names = known_columns(order_plan, columns.split(",")) if columns else []
    chosen = chosen_lines(order_plan, wanted)
    if by:
        _show_totals(summary, chosen, organisation, by=by, as_json=as_json)
        return
    lines = sorted_lines(chosen, sort)
    shown = lines.head(limit) if limit else lines
    if csv:
        _write(csv, shown.select(names or list(HEADINGS)))
    if as_json:
        found = shown.select(names) if names else shown
        show_json({"summary": summary, "now": open_totals(order_plan), "order_plan": found.to_dicts()})
    elif csv:
        out.print(f"{totals(shown, order_plan.height)} They are in {csv}.", markup=False)
    else:
        _print(summary, shown.select(names or _usual_columns(shown)))
        out.print(totals(shown, order_plan.height), markup=False)
        for sentence in _other_suppliers(organisation, shown):
            out.print(sentence, markup=False)
        out.print(f"Next: {command_for(organisation, 'explain PRODUCT_CODE')}", markup=False)


def _with_groups(order_plan: "pl.DataFrame", organisation: str) -> "pl.DataFrame":
    """The lines with the groups of each product at the time of the plan."""
    from pipelines.product_groups.membership import with_groups
    from pipelines.settings import read_settings
    from pipelines.storage import tables
    from pipelines.storage.snapshots import published_or_empty

    folder = read_settings().organisation_folder(organisation)
    return with_groups(order_plan, published_or_empty(folder, tables.PRODUCT_GROUPS))


def _show_totals(
    summary: "dict[str, Any]", lines: "pl.DataFrame", organisation: str, *, by: str, as_json: bool
) -> None:
    """Print what the lines come to by group, as groups are now."""
    from pipelines.errors import UsageError
    from pipelines.replenishment.plan.group_totals import group_totals
    from pipelines.replenishment.plan.plan_progress import still_to_order

    if by != "group":
        raise UsageError(f"There are no totals by {by!r}: give --by group.")
    sums = group_totals(still_to_order(lines), groups_now(organisation).membership, base_currency=summary["currency"])
    if as_json:
        show_json(sums.to_dicts())
        return
    money = summary["currency"]
    columns = {
        "group_kind": "kind", "group_name": "group", "products": "products", "products_to_order": "to order",
        "order_value": f"order value in {money}", "products_understocked": "understocked",
        "understock_margin_lost": f"lost margin in {money}", "products_overstocked": "overstocked",
        "overstock_value": f"overstock in {money}", "stock_value": f"stock in {money}",
    }  # fmt: skip
    names = list(columns.values())
    title = f"Plan {summary['plan_id']} as of {summary['as_of_date']} by group; a product of two groups counts in both"
    show_table(title, names, sums.select(list(columns)).rows(), numbers=names[2:])


def _published_plan(organisation: str) -> "tuple[dict[str, Any], pl.DataFrame]":
    from pipelines.errors import UsageError
    from stocktrim_cli.plan import read_plan

    summary, order_plan = read_plan(organisation)
    if order_plan.is_empty():
        raise UsageError(f"There is no plan yet: {command_for(organisation, 'plan')} makes it.")
    return summary, lines_now(organisation, summary, order_plan)


def _usual_columns(lines: "pl.DataFrame") -> list[str]:
    """The columns that are shown; with the day of the order if a supplier takes none today, and what is decided."""
    is_later, is_decided = (lines["status"] == ORDER_LATER).any(), lines["decided_on"].is_not_null().any()
    return [*HEADINGS, *(["order_on_date"] if is_later else []), *(["decided_on"] if is_decided else [])]


def _other_suppliers(organisation: str, lines: "pl.DataFrame") -> list[str]:
    """Where another supplier would be better for one of the lines, the most money first."""
    from pipelines.replenishment.suppliers.alternative_words import advised, alternative_sentence
    from pipelines.settings import read_settings
    from pipelines.storage import tables
    from pipelines.storage.snapshots import published_or_empty

    alternatives = published_or_empty(read_settings().organisation_folder(organisation), tables.SUPPLIER_ALTERNATIVES)
    best = advised(alternatives.join(lines.select("product_code"), on="product_code", how="semi"))
    named = [f"{row['product_code']}: {alternative_sentence(row)}" for row in best.head(SUPPLIERS_NAMED).to_dicts()]
    more = best.height - len(named)
    return [*named, *([f"Another supplier would be better for {more} more products."] if more else [])]


def _print(summary: "dict[str, Any]", lines: "pl.DataFrame") -> None:
    headings = [HEADINGS.get(name, name) for name in lines.columns]
    numbers = [heading for heading, dtype in zip(headings, lines.dtypes, strict=True) if dtype.is_numeric()]
    title = f"Plan {summary['plan_id']} as of {summary['as_of_date']}"
    show_table(title, headings, lines.rows(), numbers=numbers)


def _write(path: Path, lines: "pl.DataFrame") -> None:
    from pipelines.errors import UsageError
    from pipelines.spreadsheets.formulas import all_guarded

    try:
        all_guarded(lines).rename(lambda name: HEADINGS.get(name, name)).write_csv(path)
    except OSError as problem:
        raise UsageError(f"{path} cannot be written ({problem}): give another file.") from problem
