"""`stocktrim exceptions dismiss` and `restore`: records of Xero that are right as they are.

What belongs here: deciding about records, and the lines that every command prints of them. What does not: finding them
(dbt) and adding them up (`pipelines.readiness`).
Read more in docs/buyer/exceptions.md.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption, command_for
from stocktrim_cli.exceptions.present_exceptions import exceptions_of, read_exceptions, refused_load
from stocktrim_cli.output import out, say, show_json
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.settings_options import opened_organisation
from stocktrim_cli.who import ByOption, person

if TYPE_CHECKING:
    import polars as pl

    from pipelines.organisations.open_organisation import OpenOrganisation

RecordArgument = Annotated[
    str, typer.Argument(metavar="RECORD", help="A document's number, a product's code, a name, or the record's id.")
]
ProblemOption = Annotated[
    str, typer.Option("--problem", metavar="PROBLEM", help="Only this problem, if the record has several.")
]


def print_refused(organisation: str) -> None:
    """Print why the last load was refused, if it was."""
    refused = refused_load(organisation)
    if refused:
        say(f"The last load was refused. {refused}")


def print_exceptions(organisation: str) -> None:
    """Print the problems with the most money at stake, each with its documents, effect and remedy."""
    from pipelines.readiness import sentences

    print_refused(organisation)
    found = read_exceptions(organisation)
    if found.is_empty():
        return
    every = command_for(organisation, "doctor --all")
    say(f"Some records cannot be read or do not add up ({every} lists every record):")
    for sentence in sentences(found):
        say(f"- {sentence}")


def print_unreadable(organisation: str) -> None:
    """Print why the last load was refused, and every record that cannot be read."""
    from pipelines.readiness import UNREADABLE, sentences

    print_refused(organisation)
    for sentence in sentences(read_exceptions(organisation).filter(problem=UNREADABLE)):
        say(f"- {sentence}")


def problems_of(organisation: str) -> list[dict[str, Any]]:
    """The open exceptions of an organisation, summed: one record per problem and effect."""
    from pipelines.readiness import by_problem

    return by_problem(read_exceptions(organisation)).to_dicts()


def dismiss(
    record: RecordArgument,
    *,
    reason: Annotated[str, typer.Option(help="Why the record is right as it is.")],
    problem: ProblemOption = "",
    by: ByOption = "",
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Dismiss an exception: it is not listed again until its record changes in Xero.

    Example: `stocktrim exceptions dismiss INV-0042 --reason "a test invoice"`
    """
    from pipelines.errors import UsageError
    from pipelines.readiness import find_exception
    from pipelines.store.exception_decisions import DISMISSED

    if not reason.strip():
        raise UsageError("Give a reason: --reason TEXT.")
    now = opened_organisation(organisation)
    record, problem = _of_id(organisation, record, problem)
    row = find_exception(_with_refused(now, read_exceptions(organisation)), record, problem=problem)
    _decide(now, row, DISMISSED, by=by, reason=reason, as_json=as_json)


def restore(
    record: RecordArgument,
    *,
    problem: ProblemOption = "",
    reason: Annotated[str, typer.Option(help="Why; it stays in the history.")] = "",
    by: ByOption = "",
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Undo a dismissal: the exception is listed again.

    Example: `stocktrim exceptions restore INV-0042`
    """
    import polars as pl

    from pipelines.readiness import find_exception
    from pipelines.storage import tables
    from pipelines.storage.snapshots import read_published
    from pipelines.store.exception_decisions import RESTORED, dismissed_exceptions

    now = opened_organisation(organisation)
    record, problem = _of_id(organisation, record, problem)
    dismissed = dismissed_exceptions(now.store, now.key)
    (readiness,) = read_published(now.folder, tables.XERO_READINESS)
    known = readiness.join(dismissed, on=["problem", "record_id"], how="semi")
    others = dismissed.join(known, on=["problem", "record_id"], how="anti")
    candidates = pl.concat([known, others.select("problem", "record_id", "version")], how="diagonal")
    _decide(now, find_exception(candidates, record, problem=problem), RESTORED, by=by, reason=reason, as_json=as_json)


def _name_of(row: dict[str, Any]) -> str:
    return str(row["document_number"] or row["product_code"] or row["name"] or row["record_id"])


def _of_id(organisation: str, record: str, problem: str) -> tuple[str, str]:
    """The record and the problem that a person means, if an exception's id is given instead.

    Raises:
        UsageError: the exception is not about a record that can be dismissed.
    """
    from pipelines.errors import UsageError
    from pipelines.exceptions.kinds import OF_THE_PLAN

    rows = exceptions_of(organisation).filter(exception_id=record.strip().lower()).to_dicts()
    if not rows:
        return record, problem
    if rows[0]["kind"] in OF_THE_PLAN:
        raise UsageError(
            f"{rows[0]['kind']} is about no record of Xero: `stocktrim exceptions snooze {record} --until DATE "
            f"--reason TEXT` leaves it out for a while."
        )
    return rows[0]["subject_id"], rows[0]["kind"]


def _with_refused(now: "OpenOrganisation", found: "pl.DataFrame") -> "pl.DataFrame":
    """The exceptions, and the records that made the last load fail, which are not published."""
    import polars as pl

    from pipelines.readiness import UNREADABLE
    from pipelines.storage import tables
    from pipelines.storage.warehouse import read_table

    if not refused_load(now.key):
        return found
    with now.warehouse() as warehouse:
        noted = read_table(warehouse, tables.QUARANTINED_RECORDS).with_columns(problem=pl.lit(UNREADABLE))
    columns = [name for name in found.columns if name in noted.columns]
    others = found.join(noted, on=["problem", "record_id"], how="anti")
    return pl.concat([others, noted.select(columns)], how="diagonal")


def _decide(
    now: "OpenOrganisation", row: dict[str, Any], decision: str, *, by: str, reason: str, as_json: bool
) -> None:
    from pipelines.store.exception_decisions import ExceptionDecision, decide_exception

    decided = ExceptionDecision(
        row["problem"], row["record_id"], row["version"], decision, person(by), now.now(), reason
    )
    decide_exception(now.store, now.key, decided)
    if as_json:
        show_json(vars(decided))
    else:
        out.print(f"{row['problem']} of {_name_of(row)} is {decision}.", markup=False)
