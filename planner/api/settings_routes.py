"""Settings for programs: described, in force, what was set, the history; set together, imported, undone.

What belongs here: the routes. What does not: shapes (`settings_answers.py`), rules (`pipelines.organisations`).
"""

from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Header, HTTPException, Query, Response

from pipelines.organisations.settings_in_force.exported_settings import exported_settings
from pipelines.organisations.settings_in_force.imported_settings import imported_settings
from pipelines.organisations.settings_in_force.organisation_settings import EffectiveSetting, OrganisationSettings
from pipelines.organisations.settings_in_force.saved_settings import checked_changes, save_settings
from pipelines.organisations.settings_in_force.setting_sentences import changed_in_words
from pipelines.planning_settings.setting_descriptions import PARAMETERS, described
from pipelines.planning_settings.setting_files.requested_settings import ProposedChange, SettingRequest
from pipelines.planning_settings.setting_files.setting_csv import written_csv
from pipelines.planning_settings.setting_topics import LABELS, TOPIC_OF
from planner.api.answer_types import settings_answers as answers
from planner.frame.file_writing import PlannerSends
from planner.frame.screen_context import ContextOf
from planner.frame.writes import PlannerWrites
from planner.screens.settings_screens.settings_context import SettingsOf

router = APIRouter(prefix="/organisations/{key}/settings")
CHANGED: Final = (
    "{level} {subject} {name} is {now!r} now, not {expected!r}: nothing was changed. Look, then send it again."
)
STALE: Final = "The settings were changed since version {seen}: nothing was changed. Look, then send it again."
MOST: Final = 1_000
MOST_FAULTS: Final = 100
IfMatch = Annotated[str | None, Header(description="The version that was decided on; refused if it is not the last.")]


@router.get("/described", summary="What each setting means")
def descriptions(context: ContextOf) -> list[answers.DescribedSetting]:
    """Every setting with its unit, levels, default, bounds and effect."""
    del context
    return [
        answers.DescribedSetting(**described(one), label=LABELS[name], topic=TOPIC_OF[name])
        for name, one in PARAMETERS.items()
    ]


@router.get("", summary="Settings in force")
def in_force(
    response: Response, now: SettingsOf, product: str = "", supplier: str = "", group: str = "", name: str = ""
) -> answers.SettingsInForce:
    """Those of a product (as it is ordered, or from a supplier), a supplier, a group; of nobody: of all products."""
    if product:
        theirs = now.subjects.find("supplier", supplier) if supplier else ""
        found = now.of_product(now.subjects.find("product", product), supplier_id=theirs)
    elif supplier:
        found = now.of_supplier(now.subjects.find("supplier", supplier))
    else:
        found = now.of_group(now.subjects.find("group", group)) if group else now.of_all()
    response.headers["ETag"] = f'"{now.version}"'
    rows = [answer_of(row) for row in found if name in {"", row.setting.name}]
    return answers.SettingsInForce(version=now.version, settings=rows)


@router.get("/own", summary="What somebody set, anywhere")
def own(
    response: Response, now: SettingsOf, level: str = "", name: str = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100, cursor: Annotated[str, Query(max_length=9)] = "",
) -> answers.OwnSettings:  # fmt: skip
    """Every setting in force that is not a default, by level, subject and name."""
    rows = sorted(
        (row for row in now.in_force if level in {"", row.level} and name in {"", row.name}),
        key=lambda row: (row.level, row.subject, row.name),
    )
    first = int(cursor) if cursor.isascii() and cursor.isdigit() else 0
    response.headers["ETag"] = f'"{now.version}"'
    fields = answers.OwnSettingAnswer.model_fields
    return answers.OwnSettings(
        version=now.version,
        settings=[
            answers.OwnSettingAnswer(**{one: getattr(row, one) for one in fields})
            for row in rows[first : first + limit]
        ],
        next_cursor=str(first + limit) if first + limit < len(rows) else None,
    )


@router.get("/history", summary="Who changed what")
def history(
    now: SettingsOf, name: str = "", limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
    cursor: Annotated[int, Query(ge=0, le=999_999_999)] = 0,
) -> answers.PastSettings:  # fmt: skip
    """Every change with what it replaced, the latest first."""
    rows = now.past(name=name)[::-1]
    shown = [
        answers.PastSetting(
            level=row.change.level, subject=row.change.subject, name=row.change.name, old=row.old,
            new=row.change.value, change=row.change.batch, changed_by=row.change.changed_by,
            changed_at=row.change.changed_at, reason=row.change.reason,
        )
        for row in rows[cursor : cursor + limit]
    ]  # fmt: skip
    return answers.PastSettings(changes=shown, next_cursor=cursor + limit if cursor + limit < len(rows) else None)


@router.post("", summary="Set settings together")
def set_settings(
    context: ContextOf, now: SettingsOf, writing: PlannerWrites, body: answers.SettingsRequest, if_match: IfMatch = None
) -> answers.SettingsChanged:
    """All or none; 409 if one has not the expected value, or the settings are of another version than If-Match."""
    requests = [
        SettingRequest(one.level, one.subject, one.name, one.value, supplier=one.supplier) for one in body.changes
    ]
    proposal = checked_changes(now, requests, seen=now.version)
    refuse_other_version(now, if_match)
    for one in body.changes:
        _refuse_unexpected(now, one)
    if body.is_dry_run:
        return changed(now, proposal.changes, proposal.unchanged, change=None)
    return _stored(context, now, proposal.changes, proposal.unchanged, by=writing.person, reason=body.reason)


@router.get(
    "/export.csv",
    summary="What somebody set, as a file",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def export(now: SettingsOf) -> Response:
    """The file that `import` reads; importing it again changes nothing."""
    return Response(written_csv(exported_settings(now)), media_type="text/csv; charset=utf-8")


@router.post("/import", summary="Set what a CSV file says")
def import_settings(
    context: ContextOf, now: SettingsOf, sent: PlannerSends, reason: str = "", is_dry_run: bool = False
) -> answers.SettingsChanged:
    """The body is the file. All rows or none: 422 names every row that cannot be used, by line and column."""
    read = imported_settings(now, Path("the file"), sent.data)
    if read.faults:
        sentence = "; ".join(f"line {one.line}, {one.column}: {one.problem}" for one in read.faults[:MOST_FAULTS])
        raise HTTPException(422, f"{len(read.faults):,} values cannot be used, so nothing was changed: {sentence}")
    changes, unchanged = read.proposal.changes, read.proposal.unchanged
    if is_dry_run:
        return changed(now, changes, unchanged, change=None)
    return _stored(context, now, changes, unchanged, by=sent.person, reason=reason or "import of a file")


@router.post("/undo", summary="Take a change back")
def undo(
    context: ContextOf, now: SettingsOf, writing: PlannerWrites, body: answers.UndoRequest
) -> answers.SettingsChanged:
    """With all that was changed together; 409 if somebody changed one of its settings since."""
    if not any(row.batch == body.change for row in now.history):
        raise HTTPException(404, f"There is no change {body.change}.")
    changes, proposed = now.undoing(body.change, by=writing.person, reason=body.reason)
    made = now.store(changes)
    context.desk.forget()
    return changed(now, proposed, 0, change=made[0].batch)


def answer_of(row: EffectiveSetting) -> answers.SettingInForceAnswer:
    """A setting in force as an answer."""
    change = row.change
    return answers.SettingInForceAnswer(
        name=row.setting.name, value=row.value, origin=row.origin, levels=row.levels, group=row.group or None,
        changed_by=change.changed_by if change else None, changed_at=change.changed_at if change else None,
        reason=change.reason if change else None,
    )  # fmt: skip


def changed(
    now: OrganisationSettings, changes: list[ProposedChange], unchanged: int, *, change: int | None
) -> answers.SettingsChanged:
    """Changes as an answer."""
    fields = answers.ChangedSetting.model_fields
    return answers.SettingsChanged(
        version=now.version if change is None else change,
        change=change,
        changes=[answers.ChangedSetting(**{one: getattr(row, one) for one in fields}) for row in changes],
        unchanged=unchanged,
        sentence=changed_in_words(changes, now.names),
    )


def refuse_other_version(now: OrganisationSettings, if_match: str | None) -> None:
    """Refuse a write that was decided on another version.

    Raises:
        HTTPException: 409 with what to do.
    """
    if if_match is not None and if_match.strip().strip('"') not in {"*", str(now.version)}:
        raise HTTPException(409, STALE.format(seen=if_match.strip().strip('"')[:20]))


def _stored(
    context: ContextOf,
    now: OrganisationSettings,
    changes: list[ProposedChange],
    unchanged: int,
    *,
    by: str,
    reason: str,
) -> answers.SettingsChanged:
    made = save_settings(now, changes, by=by, reason=reason, seen=now.version)
    context.desk.forget()
    return changed(now, changes, unchanged, change=made[0].batch if made else None)


def _refuse_unexpected(now: OrganisationSettings, wanted: answers.WantedSetting) -> None:
    if wanted.expected is None and not wanted.expects_unset:
        return
    subject = now.subjects.find(wanted.level, wanted.subject, supplier=wanted.supplier)
    value = now.explicit.get((wanted.level, subject, wanted.name))
    if value != (None if wanted.expects_unset else wanted.expected):
        sentence = CHANGED.format(
            level=wanted.level, subject=now.names.get(subject, subject), name=wanted.name, now=value or "not set",
            expected="not set" if wanted.expects_unset else wanted.expected,
        )  # fmt: skip
        raise HTTPException(409, sentence)
