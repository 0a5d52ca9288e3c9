"""`stocktrim exceptions`: records that cannot be read or do not add up, and what people decided about them.

What belongs here: printing exceptions, the same lines for every command, and dismissing them. What does not: finding
them (dbt) and adding them up (`pipelines.readiness`).
Read more in docs/operations.md.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption, command_for
from stocktrim_cli.output import out, say, show_json, show_table
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.who import ByOption, person

if TYPE_CHECKING:
    import polars as pl

    from pipelines.organisations.open_organisation import OpenOrganisation

exceptions = typer.Typer(help="Dismiss and restore records that cannot be read or do not add up.", no_args_is_help=True)

RecordArgument = Annotated[
    str, typer.Argument(metavar="RECORD", help="A document's number, a product's code, a name, or the record's id.")
]
ProblemOption = Annotated[
    str, typer.Option("--problem", metavar="PROBLEM", help="Only this problem, if the record has several.")
]
RECORD = (
    ("problem", "problem"), ("document_number", "document"), ("product_code", "product"), ("name", "name"),
    ("age_days", "days old"), ("quantity", "units"), ("amount", "money at stake"), ("currency", ""),
    ("xero_link", "in Xero"),
)  # fmt: skip
DECISION = ("problem", "record_id", "decision", "decided_by", "decided_at", "reason")


def print_exceptions(organisation: str) -> None:
    """Print the problems with the most money at stake, each with its documents, effect and remedy."""
    from pipelines.readiness import sentences

    refused = refused_load(organisation)
    if refused:
        say(f"The last load was refused. {refused}")
    found = read_exceptions(organisation)
    if found.is_empty():
        return
    every = command_for(organisation, "doctor --all")
    say(f"Some records cannot be read or do not add up ({every} lists every record):")
    for sentence in sentences(found):
        say(f"- {sentence}")


def problems_of(organisation: str) -> list[dict[str, Any]]:
    """The open exceptions of an organisation, summed: one record per problem and effect."""
    return by_problem_of(read_exceptions(organisation))


def by_problem_of(found: "pl.DataFrame") -> list[dict[str, Any]]:
    """Exceptions, summed: one record per problem and effect."""
    from pipelines.readiness import by_problem

    return by_problem(found).to_dicts()


def show_problems(found: "pl.DataFrame", *, every: bool) -> None:
    """Print a table of the problems; with `every` also a table of every record."""
    from pipelines.readiness import money, records_named

    if found.is_empty():
        return
    show_table(
        "Problems in Xero's data" if every else "Problems in Xero's data; --all lists every record",
        ["problem", "records", "money at stake", "such as", "what it means", "what to do"],
        [
            [row["problem"], row["records"], money(row), records_named(row), row["effect"], row["what_to_do"]]
            for row in by_problem_of(found)
        ],
        numbers=["records", "money at stake"],
    )
    if every:
        show_table(
            "Every record", [heading for _, heading in RECORD],
            found.sort("problem", "amount", descending=[False, True], nulls_last=False)
            .select([name for name, _ in RECORD]).rows(),
            numbers=["units", "money at stake"],
        )  # fmt: skip


def read_exceptions(organisation: str) -> "pl.DataFrame":
    """The exceptions of the last run that nobody has dismissed; none before the first run."""
    from pipelines.readiness import open_exceptions
    from pipelines.storage import tables
    from pipelines.storage.snapshots import published_or_empty
    from pipelines.store.exception_decisions import dismissed_exceptions

    opened = _open(organisation)
    readiness = published_or_empty(opened.folder, tables.XERO_READINESS)
    return open_exceptions(readiness, dismissed_exceptions(opened.store, opened.key))


def refused_load(organisation: str) -> str:
    """The reason why the last load was refused; empty if it was not."""
    from pipelines.landing.page_archive import kept_loads
    from pipelines.settings import read_settings

    loads = kept_loads(read_settings().organisation_folder(organisation))
    return loads[-1].refusal if loads else ""


@exceptions.command(name="list")
def list_decisions(*, organisation: OrganisationOption = DEFAULT_ORGANISATION, as_json: JsonOption = False) -> None:
    """List people's decisions about exceptions, with who, when and why; `stocktrim doctor` lists open exceptions.

    Example: `stocktrim exceptions list --json`
    """
    from pipelines.store.exception_decisions import decision_history

    opened = _open(organisation)
    decisions = decision_history(opened.store, opened.key)
    rows = [{name: vars(decision)[name] for name in DECISION} for decision in decisions]
    if as_json:
        show_json(rows)
        return
    names = _record_names(opened)
    show_table(
        f"Decisions about exceptions of {organisation}",
        ["problem", "record", "decision", "by", "at", "reason"],
        [
            [names.get(row[name], row[name]) if name == "record_id" else row[name] for name in DECISION]
            for row in rows
        ],
    )  # fmt: skip


@exceptions.command()
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
    opened = _open(organisation)
    row = find_exception(_with_refused(opened, read_exceptions(organisation)), record, problem=problem)
    _decide(opened, row, DISMISSED, by=by, reason=reason, as_json=as_json)


@exceptions.command()
def restore(
    record: RecordArgument,
    *,
    problem: ProblemOption = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
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

    opened = _open(organisation)
    dismissed = dismissed_exceptions(opened.store, opened.key)
    (readiness,) = read_published(opened.folder, tables.XERO_READINESS)
    known = readiness.join(dismissed, on=["problem", "record_id"], how="semi")
    others = dismissed.join(known, on=["problem", "record_id"], how="anti")
    candidates = pl.concat([known, others.select("problem", "record_id", "version")], how="diagonal")
    _decide(
        opened, find_exception(candidates, record, problem=problem), RESTORED, by=by, reason=reason, as_json=as_json
    )


def _record_names(opened: "OpenOrganisation") -> dict[str, str]:
    """The name that people know of each record with a problem, by its id; none before the first load."""
    from pipelines.storage import tables
    from pipelines.storage.snapshots import published_or_empty

    readiness = published_or_empty(opened.folder, tables.XERO_READINESS)
    return {row["record_id"]: _name_of(row) for row in readiness.iter_rows(named=True)}


def _name_of(row: dict[str, Any]) -> str:
    return str(row["document_number"] or row["product_code"] or row["name"] or row["record_id"])


def _with_refused(opened: "OpenOrganisation", found: "pl.DataFrame") -> "pl.DataFrame":
    """The exceptions, and the records that made the last load fail, which are not published."""
    import polars as pl

    from pipelines.readiness import UNREADABLE
    from pipelines.storage import tables
    from pipelines.storage.warehouse import read_table

    if not refused_load(opened.key):
        return found
    with opened.warehouse() as warehouse:
        noted = read_table(warehouse, tables.QUARANTINED_RECORDS).with_columns(problem=pl.lit(UNREADABLE))
    columns = [name for name in found.columns if name in noted.columns]
    others = found.join(noted, on=["problem", "record_id"], how="anti")
    return pl.concat([others, noted.select(columns)], how="diagonal")


def _decide(
    opened: "OpenOrganisation", row: dict[str, Any], decision: str, *, by: str, reason: str, as_json: bool
) -> None:
    from pipelines.store.exception_decisions import ExceptionDecision, decide_exception

    decided = ExceptionDecision(
        row["problem"], row["record_id"], row["version"], decision, person(by), opened.now(), reason
    )
    decide_exception(opened.store, opened.key, decided)
    if as_json:
        show_json(vars(decided))
    else:
        out.print(f"{row['problem']} of {_name_of(row)} is {decision}.", markup=False)


def _open(organisation: str) -> "OpenOrganisation":
    from pipelines.organisations.open_organisation import open_organisation
    from pipelines.settings import read_settings

    return open_organisation(read_settings(), organisation)
