"""`stocktrim exceptions history`: what people decided about exceptions, with who, when and why.

Read more in docs/buyer/exceptions.md.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption
from stocktrim_cli.output import show_json, show_table
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.settings_options import opened_organisation

if TYPE_CHECKING:
    from pipelines.organisations.open_organisation import OpenOrganisation

DECISION: Final = {
    "problem": "kind", "record_id": "about", "decision": "decision", "until": "until", "decided_by": "by",
    "decided_at": "at", "reason": "reason",
}  # fmt: skip


def history(*, organisation: OrganisationOption = DEFAULT_ORGANISATION, as_json: JsonOption = False) -> None:
    """List people's decisions about exceptions: snoozed, woken, dismissed, restored; with who, when and why.

    Example: `stocktrim exceptions history --json`
    """
    now = opened_organisation(organisation)
    rows = _decisions(now)
    if as_json:
        show_json(rows)
        return
    names = _names(now)
    show_table(
        f"Decisions about exceptions of {organisation}", list(DECISION.values()),
        [[names.get(row[name], row[name]) if name == "record_id" else row[name] for name in DECISION] for row in rows],
    )  # fmt: skip


def decisions_about(organisation: str, exception: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The decisions about one exception, the oldest first."""
    meant = {exception["exception_id"], exception["subject_id"]}
    rows = _decisions(opened_organisation(organisation))
    return [row for row in rows if row["problem"] == exception["kind"] and row["record_id"] in meant]


def _decisions(now: "OpenOrganisation") -> list[dict[str, Any]]:
    from pipelines.store.exception_decisions import decision_history

    return [{name: vars(one)[name] for name in DECISION} for one in decision_history(now.store, now.key)]


def _names(now: "OpenOrganisation") -> dict[str, str]:
    """The name that people know of each exception and record that ever was in the list, by its id."""
    from pipelines.exceptions.words import subject_of
    from pipelines.storage import tables
    from pipelines.storage.snapshots import published_or_empty

    episodes = published_or_empty(now.folder, tables.EXCEPTION_HISTORY).to_dicts()
    present = published_or_empty(now.folder, tables.EXCEPTIONS).to_dicts()
    past = {row["exception_id"]: subject_of(row | {"subject_id": row["exception_id"]}) for row in episodes}
    return past | {row[name]: subject_of(row) for row in present for name in ("exception_id", "subject_id")}
