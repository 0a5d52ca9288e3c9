"""Changes of settings that were decided on what a page or a program has seen: checked, then stored, all or none.

What belongs here: what somebody else changed meanwhile, and the reason that is kept. What does not: values and
subjects (`planning_settings/requested_settings.py`), rows (`store/setting_changes.py`).
Read more in docs/buyer/settings.md.
"""

from collections.abc import Sequence
from typing import Final

from pipelines.errors import UsageError
from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
from pipelines.planning_settings.setting_files.requested_settings import Proposal, ProposedChange, SettingRequest
from pipelines.setting_subjects import product_in, supplier_in
from pipelines.store.setting_ledger.setting_changes import SettingChange, SettingConflictError, of_whom, present_subject

LONGEST_REASON: Final = 500


def request_for(level: str, subject: str, name: str, text: str | None) -> SettingRequest:
    """A request for a subject as it is stored, or as a person may type it."""
    if level != "product_supplier":
        return SettingRequest(level, subject, name, text)
    return SettingRequest(level, product_in(level, subject), name, text, supplier=supplier_in(level, subject))


def checked_changes(now: OrganisationSettings, requests: Sequence[SettingRequest], *, seen: int) -> Proposal:
    """What requests would change, if all can be met and nobody changed the same since the version `seen`.

    Raises:
        UsageError: one cannot be met.
        SettingConflictError: somebody changed one of the settings since.
    """
    proposal = now.propose(requests)
    if proposal.faults:
        raise UsageError(proposal.faults[0].problem)
    refuse_newer(now, proposal.changes, seen=seen)
    return proposal


def refuse_newer(now: OrganisationSettings, changes: Sequence[ProposedChange], *, seen: int) -> None:
    """Refuse changes of settings that somebody changed since a version.

    Raises:
        SettingConflictError: somebody did.
    """
    wanted = {(change.level, change.subject, change.name) for change in changes}
    for row in reversed(now.history):
        if row.batch <= seen:
            return
        if (row.level, present_subject(row, now.known), row.name) in wanted:
            reason = f"{row.changed_by} has changed {row.name}{of_whom(row)} meanwhile: nothing was changed."
            raise SettingConflictError(reason, newer=row)


def save_settings(
    now: OrganisationSettings, changes: Sequence[ProposedChange], *, by: str, reason: str, seen: int
) -> list[SettingChange]:
    """Store changes that were decided on the version `seen`, as one batch.

    Raises:
        UsageError: the reason is too long.
        SettingConflictError: somebody changed one of the settings since.
    """
    if len(reason) > LONGEST_REASON:
        raise UsageError(f"A reason has at most {LONGEST_REASON} characters; this has {len(reason):,}.")
    return now.apply(changes, by=by, reason=reason, seen=seen)
