"""`stocktrim exceptions snooze` and `wake`: leave exceptions out of the list until a day, for a reason.

Read more in docs/buyer/exceptions.md.
"""

from typing import Annotated

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption
from stocktrim_cli.exceptions.present_exceptions import deciding, exceptions_of, find_all
from stocktrim_cli.output import out, show_json
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.who import ByOption

WantedArgument = Annotated[
    list[str],
    typer.Argument(metavar="ID|PRODUCT...", help="Ids, or all about a product, a document or a supplier."),
]
KindOption = Annotated[str, typer.Option("--kind", metavar="KIND", help="Only exceptions of this kind.")]


def snooze(
    wanted: WantedArgument,
    *,
    until: Annotated[str, typer.Option(metavar="DATE", help="The day on which they are listed again: YYYY-MM-DD.")],
    reason: Annotated[str, typer.Option(help="Why they can wait.")],
    kind: KindOption = "",
    by: ByOption = "",
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Leave exceptions out of the list until a day, or until their money at stake has doubled.

    Example: `stocktrim exceptions snooze P-0042 --until 2026-03-31 --reason "the next container has them"`
    """
    from pipelines.organisations.organisation_exceptions import in_words
    from pipelines.organisations.organisation_exceptions import snooze as snooze_now
    from pipelines.settings import read_day

    day, rows = read_day(until), find_all(exceptions_of(organisation), wanted, kind=kind)
    decided = snooze_now(deciding(organisation, by), rows, until=day, reason=reason)
    if as_json:
        show_json([vars(decision) for decision in decided])
        return
    for row in rows.to_dicts():
        before = f" (before: until {row['snoozed_until']}, {row['snoozed_by']})" if row["state"] == "snoozed" else ""
        out.print(f"{in_words(row)} is snoozed until {day}{before}.", markup=False)


def wake(
    wanted: WantedArgument,
    *,
    kind: KindOption = "",
    reason: Annotated[str, typer.Option(help="Why; it stays in the history.")] = "",
    by: ByOption = "",
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """List snoozed exceptions again.

    Example: `stocktrim exceptions wake P-0042`
    """
    from pipelines.organisations.organisation_exceptions import in_words
    from pipelines.organisations.organisation_exceptions import wake as wake_now

    rows = find_all(exceptions_of(organisation), wanted, kind=kind).filter(state="snoozed")
    decided = wake_now(deciding(organisation, by), rows, reason=reason)
    if as_json:
        show_json([vars(decision) for decision in decided])
        return
    for row in rows.to_dicts():
        out.print(f"{in_words(row)} is listed again.", markup=False)
