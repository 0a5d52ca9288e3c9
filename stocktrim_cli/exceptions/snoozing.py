"""`stocktrim exceptions snooze` and `wake`: leave exceptions out of the list until a day, for a reason.

Read more in docs/buyer/exceptions.md.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption
from stocktrim_cli.exceptions.present_exceptions import exceptions_of, find_all
from stocktrim_cli.output import out, show_json
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.settings_options import opened_organisation
from stocktrim_cli.who import ByOption, person

if TYPE_CHECKING:
    import polars as pl

    from pipelines.store.exception_decisions import ExceptionDecision

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
    from pipelines.exceptions.snoozes import day_to_snooze_until, reason_to_keep
    from pipelines.settings import read_day
    from pipelines.store.exception_decisions import SNOOZED

    now = opened_organisation(organisation)
    day = day_to_snooze_until(read_day(until), today=now.today())
    rows = find_all(exceptions_of(organisation), wanted, kind=kind)
    decided = _decide(organisation, rows, SNOOZED, by=by, reason=reason_to_keep(reason), until=day)
    if as_json:
        show_json([vars(decision) for decision in decided])
        return
    for row in rows.to_dicts():
        before = f" (before: until {row['snoozed_until']}, {row['snoozed_by']})" if row["state"] == "snoozed" else ""
        out.print(f"{_named(row)} is snoozed until {day}{before}.", markup=False)


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
    from pipelines.errors import UsageError
    from pipelines.exceptions.snoozes import SNOOZED
    from pipelines.store.exception_decisions import WOKEN

    rows = find_all(exceptions_of(organisation), wanted, kind=kind).filter(state=SNOOZED)
    if rows.is_empty():
        raise UsageError("None of them is snoozed: `stocktrim exceptions --all` shows what is.")
    decided = _decide(organisation, rows, WOKEN, by=by, reason=reason)
    if as_json:
        show_json([vars(decision) for decision in decided])
        return
    for row in rows.to_dicts():
        out.print(f"{_named(row)} is listed again.", markup=False)


def _decide(
    organisation: str, rows: "pl.DataFrame", decision: str, *, by: str, reason: str, **more: Any
) -> "list[ExceptionDecision]":
    """Store one decision about each of the exceptions, all or none."""
    from pipelines.store.exception_decisions import ExceptionDecision, decide_exceptions

    now, who = opened_organisation(organisation), person(by)
    decided = [
        ExceptionDecision(
            row["kind"], row["exception_id"], "", decision, who, now.now(), reason,
            money_at_stake=row["money_at_stake"], **more,
        )
        for row in rows.to_dicts()
    ]  # fmt: skip
    decide_exceptions(now.store, now.key, decided)
    return decided


def _named(row: dict[str, Any]) -> str:
    from pipelines.exceptions.words import subject_of

    return f"{row['kind']} of {subject_of(row)} ({row['exception_id']})"
