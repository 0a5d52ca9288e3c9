"""Settings as a file: written out, and read in after a look at what it would change; all rows or none."""

from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from pipelines.organisations.settings_in_force.exported_settings import exported_settings
from pipelines.organisations.settings_in_force.imported_settings import ImportedSettings, imported_settings
from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
from pipelines.organisations.settings_in_force.saved_settings import save_settings
from pipelines.organisations.settings_in_force.setting_sentences import conflict_in_words, whom_in_words
from pipelines.planning_settings.setting_files.setting_csv import written_csv
from pipelines.planning_settings.setting_topics import label_of
from pipelines.planning_settings.setting_words import plain_names, value_in_words
from pipelines.spreadsheets.file_faults import SpreadsheetFileError
from pipelines.store.setting_ledger.setting_changes import SettingConflictError
from planner.frame.file_writing import MOST_MIB, PlannerSends
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf, ScreenContext
from planner.screens.settings_screens.settings_context import SettingsOf, effect_of
from planner.security.roles import Role

router = APIRouter(prefix="/o/{key}/settings/file")
MOST_SHOWN: Final = 100
LONGEST_NAME: Final = 120


@router.get("")
def file_page(request: Request, context: ContextOf, now: SettingsOf) -> Response:
    """The page: the file of today, and a place for a changed one."""
    content = context.content(
        screen="settings", tab="file", may_change=context.may(Role.PLANNER), count=len(now.in_force),
        most_mib=MOST_MIB,
    )  # fmt: skip
    return page(request, "settings/file.html", content)


@router.get("/settings.csv")
def export(context: ContextOf, now: SettingsOf) -> Response:
    """Every setting that somebody set, for a spreadsheet; read in again it changes nothing."""
    headers = {"Content-Disposition": f'attachment; filename="{context.organisation.key}-settings.csv"'}
    return Response(written_csv(exported_settings(now)), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/preview")
def preview(request: Request, context: ContextOf, now: SettingsOf, sent: PlannerSends, name: str = "") -> Response:
    """What the file would change, also in the plan, or every row that cannot be used."""
    return _preview(request, context, now, _read(now, sent.data, name), name)


@router.post("/save")
def save(
    request: Request, context: ContextOf, now: SettingsOf, sent: PlannerSends, version: int, name: str = ""
) -> Response:
    """Store what the file says, as one change that can be undone."""
    read = _read(now, sent.data, name)
    if isinstance(read, str) or read.faults:
        return _preview(request, context, now, read, name)
    changes, file = read.proposal.changes, _named(name)
    try:
        save_settings(now, changes, by=sent.person, reason=f"import of {file}", seen=version)
    except SettingConflictError as conflict:
        currency, newer = context.organisation.base_currency, conflict.newer
        typed = next((one.new for one in changes if newer and one.name == newer.name), None)
        problem = conflict_in_words(newer, typed, now.names, currency=currency) if newer else conflict.reason
        return _preview(request, context, now, read, name, problem=problem)
    context.desk.forget()
    count = f"{len(changes):,} setting{'' if len(changes) == 1 else 's'}"
    sentence = f"Saved. {count} of {file} changed, {read.proposal.unchanged:,} as before. The next plan uses them."
    return page(request, "settings/file_saved.html", context.content(screen="settings", sentence=sentence))


def _preview(
    request: Request, context: ScreenContext, now: OrganisationSettings, read: ImportedSettings | str, name: str, *,
    problem: str = "",
) -> Response:  # fmt: skip
    content: dict[str, Any] = {"file": _named(name), "version": now.version, "problem": problem, "most": MOST_SHOWN}
    content["effect"] = None
    if isinstance(read, str):
        content |= {"problem": read, "faults": [], "fault_count": 0, "notes": [], "changes": [], "count": 0, "same": 0}
    else:
        faults = [(fault.line, fault.column, plain_names(fault.problem)) for fault in read.faults[:MOST_SHOWN]]
        content |= {
            "faults": faults, "fault_count": len(read.faults), "notes": read.notes,
            "changes": _changes(context, now, read), "count": len(read.proposal.changes),
            "same": read.proposal.unchanged,
        }  # fmt: skip
        if read.proposal.changes and not read.faults and not problem:
            content["effect"] = effect_of(context, now, read.proposal.changes)
    status = 409 if problem else 422 if content["problem"] or content["fault_count"] else 200
    return page(request, "settings/file_preview.html", context.content(screen="settings", **content), status=status)


def _read(now: OrganisationSettings, data: bytes, name: str) -> ImportedSettings | str:
    """What the file says, or why it is no file of settings."""
    try:
        return imported_settings(now, Path(_named(name)), data)
    except SpreadsheetFileError as problem:
        return str(problem)


def _changes(context: ScreenContext, now: OrganisationSettings, read: ImportedSettings) -> list[dict[str, str]]:
    def words(setting: str, value: str | None) -> str:
        return value_in_words(setting, value, now.names, currency=context.organisation.base_currency)

    return [
        {
            "whom": whom_in_words(row.level, row.subject, now.names), "label": label_of(row.name),
            "old": words(row.name, row.old), "new": words(row.name, row.new),
        }
        for row in read.proposal.changes[:MOST_SHOWN]
    ]  # fmt: skip


def _named(name: str) -> str:
    """The file's name, for sentences."""
    return "".join(filter(str.isprintable, Path(name).name))[:LONGEST_NAME] or "the file"
