"""Groups, suppliers' terms and bundles for programs; what Xero owns is changed in Xero.

What belongs here: the routes. What does not: shapes (`settings_answers.py`), rules (`pipelines`).
"""

from typing import Annotated, Final

from fastapi import APIRouter, Body, HTTPException

from pipelines.organisations.organisation_groups import OrganisationGroups
from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
from pipelines.planning_settings.demand_settings.bundle_parts import parts_of
from pipelines.planning_settings.setting_descriptions import PARAMETERS
from pipelines.product_groups.groups import IN, OUT, Group
from pipelines.product_groups.membership import products_in
from pipelines.product_groups.requested_groups import GroupRequest
from pipelines.store.setting_ledger.group_ledger import GroupConflictError
from planner.api.answer_types import settings_answers as answers
from planner.api.settings_routes import IfMatch, answer_of, refuse_other_version, set_settings
from planner.frame.screen_context import ContextOf
from planner.frame.writes import PlannerWrites
from planner.screens.settings_screens.group_changes import store_groups
from planner.screens.settings_screens.settings_context import SettingsOf, settings_now
from planner.shown.settings_shown.order_calendar import next_order_days

router = APIRouter(prefix="/organisations/{key}")
OF_XERO: Final = "{what} is kept in Xero: change it in Xero, then load."
FIELDS: Final = ("", "name", "kind", "order", "rule", "member")


@router.get("/groups", summary="Groups of products")
def groups(now: SettingsOf) -> list[answers.GroupAnswer]:
    """Every group in its order, with its rules and products."""
    return [_group(now.groups, group) for group in now.groups.groups.values()]


@router.post("/groups", summary="Change groups together")
def change_groups(
    context: ContextOf, now: SettingsOf, writing: PlannerWrites, body: answers.GroupsRequest
) -> list[answers.GroupAnswer]:
    """All changes or none; a group that does not exist is made. The groups as they are then."""
    requests = [_request(one) for one in body.changes]
    try:
        store_groups(now, requests, by=writing.person, reason=body.reason)
    except GroupConflictError:
        raise HTTPException(
            409, "Somebody has just changed a group: nothing was changed. Look, then try again."
        ) from None
    return groups(settings_now(context))


@router.get("/suppliers/{supplier}/terms", summary="What holds for orders to a supplier")
def terms(now: SettingsOf, supplier: str) -> answers.TermsAnswer:
    """By name or id: lead time, calendar, minimum, costs, each with where it comes from."""
    return _terms(now, supplier)


@router.patch("/suppliers/{supplier}/terms", summary="Change a supplier's terms")
def change_terms(
    context: ContextOf, now: SettingsOf, writing: PlannerWrites, supplier: str,
    body: Annotated[dict[str, str | None], Body(description="Values by setting; null takes one away.")],
    if_match: IfMatch = None,
) -> answers.TermsAnswer:  # fmt: skip
    """All or none. A supplier's name, address or archive mark is Xero's: 409."""
    for name in body:
        if name not in PARAMETERS:
            raise HTTPException(409, OF_XERO.format(what=f"{name[:80]!r} of a supplier"))
    refuse_other_version(now, if_match)
    wanted = [
        answers.WantedSetting(level="supplier", subject=supplier, supplier="", name=name, value=text, expected=None)
        for name, text in body.items()
    ]
    if wanted:
        set_settings(context, now, writing, answers.SettingsRequest(changes=wanted, reason="", is_dry_run=False))
    return _terms(settings_now(context), supplier)


@router.patch("/suppliers/{supplier}", summary="Refused: a supplier is kept in Xero", status_code=409)
def change_supplier(now: SettingsOf, writing: PlannerWrites, supplier: str) -> None:
    """A supplier's name, address and archive mark are Xero's."""
    del writing
    named = now.names.get(now.subjects.find("supplier", supplier), supplier)
    raise HTTPException(409, OF_XERO.format(what=f"The contact {named[:80]}"))


@router.patch("/products", summary="Refused: a product is kept in Xero", status_code=409)
def change_product(now: SettingsOf, writing: PlannerWrites, product_code: str) -> None:
    """A product's code, name, price and stock are Xero's."""
    del writing
    raise HTTPException(409, OF_XERO.format(what=f"The item {now.subjects.find('product', product_code)[:80]}"))


@router.get("/bundles", summary="Products that are sold as their parts")
def bundles(now: SettingsOf) -> list[answers.Bundle]:
    """By code. A bundle is made, changed and ended by the product's settings `bundle_of` and `is_assembled`."""
    own = {(row.subject, row.name): row.value or "" for row in now.in_force if row.level == "product"}
    return [
        answers.Bundle(
            product_code=code, parts={part: float(units) for part, units in parts_of(value)},
            is_assembled=own.get((code, "is_assembled")) == "true",
        )
        for (code, name), value in sorted(own.items())
        if name == "bundle_of" and value
    ]  # fmt: skip


def _request(one: answers.WantedGroup) -> GroupRequest:
    if one.field not in FIELDS:
        raise HTTPException(422, f"{one.field[:80]!r} is not of a group: give {', '.join(FIELDS[1:])}.")
    return GroupRequest(one.group, one.field, one.subject, one.value, one.kind)


def _group(found: OrganisationGroups, group: Group) -> answers.GroupAnswer:
    by_hand = {code: change.value for code, change in group.members.items()}
    return answers.GroupAnswer(
        group_id=group.group_id, kind=group.kind, name=group.name, order=group.order, rules=list(group.rules),
        put_in=[code for code, value in by_hand.items() if value == IN],
        kept_out=[code for code, value in by_hand.items() if value == OUT],
        products=products_in(found.membership, group.group_id),
    )  # fmt: skip


def _terms(now: OrganisationSettings, supplier: str) -> answers.TermsAnswer:
    identity = now.subjects.find("supplier", supplier)
    return answers.TermsAnswer(
        supplier_id=identity, supplier_name=now.names.get(identity, identity), version=now.version,
        next_order_days=next_order_days(now, identity, today=now.opened.today()),
        settings=[answer_of(row) for row in now.of_supplier(identity)],
    )  # fmt: skip
