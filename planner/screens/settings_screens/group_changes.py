"""Groups of products made and changed on the page: name, kind, precedence, rules, products by hand."""

from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from pipelines.errors import UsageError
from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
from pipelines.product_groups.groups import IN, OUT, Group
from pipelines.product_groups.membership import products_in
from pipelines.product_groups.requested_groups import GroupRequest
from pipelines.product_groups.rules import KINDS
from pipelines.store.setting_ledger.group_ledger import GroupConflictError
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf, ScreenContext
from planner.frame.writes import PlannerWrites, Writing
from planner.screens.settings_screens.settings_context import SettingsOf, settings_now
from planner.security.roles import Role

router = APIRouter(prefix="/o/{key}/settings/groups")
MOST_MEMBERS: Final = 200
CONFLICT: Final = "Somebody has just changed this group: nothing was changed. Look at it below, then try again."


@router.get("/group")
def group_page(request: Request, context: ContextOf, now: SettingsOf, group: str) -> Response:
    """What a group is: its rules, its products, its place."""
    content = group_content(context, now, now.groups.find(group))
    return page(request, "settings/group.html", content | {"tab": "group"})


@router.post("/make")
def make(context: ContextOf, now: SettingsOf, writing: PlannerWrites) -> Response:
    """Make a group, and go to its page."""
    wanted = GroupRequest(writing.text("name"), kind=writing.text("kind"))
    store_groups(now, [wanted], by=writing.person, reason=writing.text("reason"))
    made = settings_now(context).groups.groups
    new = next(reversed([one for one in made if one not in now.groups.groups]), None)
    address = f"/o/{context.organisation.key}/settings/groups"
    return Response(status_code=204, headers={"HX-Redirect": f"{address}/group?group={new}" if new else address})


@router.post("/change")
def change(request: Request, context: ContextOf, now: SettingsOf, writing: PlannerWrites) -> Response:
    """Change a group; the group as it is then, with what was done."""
    group = now.groups.find(writing.text("group"))
    sentence, status = "", 200
    try:
        count = store_groups(now, _requests(group, writing), by=writing.person, reason=writing.text("reason"))
    except GroupConflictError:
        sentence, status = CONFLICT, 409
    except UsageError as problem:
        sentence, status = str(problem), 422
    else:
        sentence = "Saved. The next plan uses it." if count else "Nothing was changed: it was so already."
    now = settings_now(context)
    content = group_content(context, now, now.groups.find(group.group_id))
    content |= {"notice": sentence if status == 200 else "", "problem": sentence if status != 200 else ""}  # noqa: PLR2004, saved
    return page(request, "settings/group_body.html", content, status=status)


def group_content(context: ScreenContext, now: OrganisationSettings, group: Group) -> dict[str, Any]:
    """What the page of a group shows."""
    codes = products_in(now.groups.membership, group.group_id)
    return context.content(
        screen="settings", group=group, codes=codes[:MOST_MEMBERS], count=len(codes), kinds=KINDS,
        put_in=[code for code, row in group.members.items() if row.value == IN],
        kept_out=[code for code, row in group.members.items() if row.value == OUT],
        may_change=context.may(Role.PLANNER), notice="", problem="",
    )  # fmt: skip


def _requests(group: Group, writing: Writing) -> Sequence[GroupRequest]:
    """What a form of the page wants."""
    what, subject = writing.text("what"), writing.text("subject")
    if what == "describe":
        place = writing.text("order")
        return [
            GroupRequest(group.group_id, "name", "", writing.text("name")),
            GroupRequest(group.group_id, "kind", "", writing.text("kind")),
            GroupRequest(group.group_id, "order", "", place or None),
        ]
    if what == "rule":
        text = subject or f"{writing.text('rule_kind')}: {writing.text('value')}"
        return [GroupRequest(group.group_id, "rule", text, None if writing.text("is_removed") else IN)]
    if what == "member":
        value = None if writing.text("is_removed") else writing.text("value", IN)
        return [GroupRequest(group.group_id, "member", subject, value)]
    raise UsageError("Reload the page, then try again.")


def store_groups(now: OrganisationSettings, requests: Sequence[GroupRequest], *, by: str, reason: str) -> int:
    """Store what is wanted of groups; how much of it was new.

    Raises:
        UsageError: it is not possible.
        GroupConflictError: somebody else has changed a group meanwhile.
    """
    proposal = now.groups.propose(requests, find_product=lambda code: now.subjects.find("product", code))
    if proposal.faults:
        raise UsageError(proposal.faults[0].problem)
    now.groups.apply(proposal.changes, by=by, reason=reason)
    return len(proposal.changes)
