"""`stocktrim exceptions`: what needs a person, largest money first; `exceptions show` shows one.

Read more in docs/buyer/exceptions.md.
"""

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from stocktrim_cli.chosen_organisation import (
    DEFAULT_ORGANISATION,
    OrganisationOption,
    UnsettledOrganisationOption,
    choose_organisation,
    command_for,
)
from stocktrim_cli.exceptions.dismissing import print_refused, print_unreadable
from stocktrim_cli.exceptions.present_exceptions import exceptions_of
from stocktrim_cli.groups.group_options import of_products, products_in_group
from stocktrim_cli.output import out, say, show_json, show_table
from stocktrim_cli.runs import JsonOption

if TYPE_CHECKING:
    import polars as pl

SHOWN: Final = {
    "exception_id": "id", "severity": "severity", "kind": "kind", "subject": "about", "supplier_name": "supplier",
    "money_at_stake": "money at stake", "currency": "", "since_date": "since", "sentence": "what it is",
    "what_to_do": "what to do",
}  # fmt: skip
OF_SNOOZES: Final = {
    "state": "state", "snoozed_until": "until", "snoozed_by": "by", "snooze_reason": "reason",
}  # fmt: skip
ROWS: Final = 50
TOP: Final = 3


def list_exceptions(
    context: typer.Context,
    *,
    kind: Annotated[str, typer.Option(metavar="KIND", help="Only this kind, such as out_of_stock.")] = "",
    severity: Annotated[str, typer.Option(metavar="SEVERITY", help="Only error, warning or info.")] = "",
    product: Annotated[str, typer.Option(metavar="PRODUCT_CODE", help="Only about this product.")] = "",
    supplier: Annotated[str, typer.Option(metavar="NAME", help="Only about this supplier or its products.")] = "",
    group: Annotated[str, typer.Option(metavar="NAME", help="Only about products of this group.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Also what is snoozed or dismissed.")] = False,
    limit: Annotated[
        int, typer.Option(min=0, metavar="NUMBER", help="At most so many; 0 shows all.", show_default=True)
    ] = ROWS,
    organisation: UnsettledOrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """List what needs a person, largest money first: stock, orders, data, settings and forecasts.

    Example: `stocktrim exceptions --severity warning --supplier "Supplier 07"`
    """
    if context.invoked_subcommand:
        if any((kind, severity, product, supplier, group, every, organisation, as_json)):
            raise typer.BadParameter(f"Put the options after `{context.invoked_subcommand}`.")
        return
    organisation = choose_organisation(organisation)
    known = exceptions_of(organisation)
    rows = chosen(known, kind=kind, severity=severity, product=product, supplier=supplier, every=every)
    rows = of_products(rows, products_in_group(organisation, group))
    if as_json:
        show_json(rows.to_dicts())
        return
    print_refused(organisation)
    _print(organisation, rows, every=every, limit=limit)
    _print_rest(organisation, known, rows, every=every)


def show(
    exception: Annotated[str, typer.Argument(metavar="ID", help="The exception's id.")],
    *,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Show one exception: its money and how that is computed, since when, what to do, and what people decided.

    Example: `stocktrim exceptions show a4k2m7x3qd`
    """
    from pipelines.exceptions.kinds import KINDS
    from stocktrim_cli.exceptions.decisions import decisions_about
    from stocktrim_cli.exceptions.present_exceptions import find_one

    row = find_one(exceptions_of(organisation), exception)
    decisions = decisions_about(organisation, row)
    if as_json:
        show_json(row | {"decisions": decisions})
        return
    known = KINDS.get(row["kind"])
    words = {"money is": known.money} if known else {}
    facts = {name.replace("_", " "): value for name, value in row.items() if value not in (None, "")} | words
    show_table(f"{row['kind']}, {row['exception_id']}", ["", ""], list(facts.items()))
    if decisions:
        show_table("Decided", list(decisions[0]), [list(decision.values()) for decision in decisions])


def kinds_of(organisation: str) -> list[dict[str, Any]]:
    """The open exceptions of an organisation, summed: one record per kind."""
    from pipelines.exceptions.words import by_kind, only_open

    return by_kind(only_open(exceptions_of(organisation))).to_dicts()


def print_top(organisation: str) -> None:
    """Print the three exceptions of most money, how many there are, and the command for the rest.

    Why the last load was refused, and records that cannot be read, come first: what they are worth is a guess.
    """
    from pipelines.exceptions.words import only_open, subject_of, total

    print_unreadable(organisation)
    found = only_open(exceptions_of(organisation))
    if found.is_empty():
        return
    say(f"Exceptions: {total(found)}.")
    for row in found.head(TOP).to_dicts():
        say(f"- {_money(row)}: {row['kind']}, {subject_of(row)}. {row['sentence']} {row['what_to_do']}")
    say(f"{command_for(organisation, 'exceptions')} lists them all.")


def chosen(
    exceptions: "pl.DataFrame",
    *,
    kind: str = "",
    severity: str = "",
    product: str = "",
    supplier: str = "",
    every: bool = False,
) -> "pl.DataFrame":
    """The exceptions of a filter; without `every` only those that are open.

    Raises:
        UsageError: there is no such kind or severity, or no exception is about the product or the supplier.
    """
    import polars as pl

    from pipelines.exceptions.kinds import KINDS, SEVERITIES
    from pipelines.exceptions.words import only_open
    from stocktrim_cli.plan_lines import known_name

    if kind:
        kind = known_name("kind", kind, [*KINDS, *exceptions["kind"]])
    if severity:
        severity = known_name("severity", severity, SEVERITIES)
    if product:
        product = known_name("product", product, exceptions["product_code"])
    if supplier:
        supplier = known_name("supplier", supplier, exceptions["supplier_name"])
    wanted = {"kind": kind, "severity": severity, "product_code": product, "supplier_name": supplier}
    rows = exceptions.filter(pl.lit(value=True), *[pl.col(name) == value for name, value in wanted.items() if value])
    return rows if every else only_open(rows)


def _print(organisation: str, rows: "pl.DataFrame", *, every: bool, limit: int) -> None:
    shown = rows.head(limit) if limit else rows
    _print_each(f"Exceptions of {organisation}", shown.to_dicts(), SHOWN | OF_SNOOZES if every else SHOWN)
    if limit and rows.height > limit:
        out.print(f"{rows.height - limit:,} more: --limit 0 shows all.", markup=False)


def _print_rest(organisation: str, known: "pl.DataFrame", rows: "pl.DataFrame", *, every: bool) -> None:
    """The totals by kind, how many are snoozed, and what to do next."""
    from pipelines.exceptions.words import only_open

    if rows.height:
        _print_kinds("By kind", rows)
    hidden = known.height - only_open(known).height
    if hidden and not every:
        out.print(f"{hidden:,} snoozed or dismissed: --all lists them too.", markup=False)
    if rows.height:
        snooze = command_for(organisation, "exceptions snooze ID --until DATE --reason TEXT")
        out.print(f"Next: {command_for(organisation, 'exceptions show ID')}, or {snooze}", markup=False)


def show_kinds(rows: "pl.DataFrame", *, every: bool) -> None:
    """Print open exceptions by kind; with `every` also each of them."""
    if rows.is_empty():
        return
    _print_kinds("Exceptions" if every else "Exceptions; --all lists each", rows)
    if every:
        _print_each("Each exception", rows.to_dicts(), SHOWN)


def _print_kinds(title: str, rows: "pl.DataFrame") -> None:
    from pipelines.exceptions.kinds import KINDS
    from pipelines.exceptions.words import by_kind, money_in_words, total

    show_table(
        title, ["severity", "kind", "what it is", "count", "money at stake"],
        [
            [row["severity"], row["kind"], KINDS[row["kind"]].title if row["kind"] in KINDS else "", row["count"],
             money_in_words(row)]
            for row in by_kind(rows).to_dicts()
        ],
        numbers=["count", "money at stake"],
    )  # fmt: skip
    out.print(f"{total(rows)}.", markup=False)


def _print_each(title: str, rows: list[dict[str, Any]], columns: dict[str, str]) -> None:
    from pipelines.exceptions.words import subject_of

    shown = [row | {"subject": subject_of(row)} for row in rows]
    show_table(
        title, list(columns.values()), [[row[name] for name in columns] for row in shown], numbers=["money at stake"]
    )


def _money(row: dict[str, Any]) -> str:
    amount = row["money_at_stake"]
    return "value unknown" if amount is None else f"{amount:,.2f} {row['currency']}"
