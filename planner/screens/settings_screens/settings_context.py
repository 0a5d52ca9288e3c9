"""What a route of settings needs: the organisation's settings as they are now, and its page's content.

What belongs here: arguments of routes. What does not: what they answer.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import Depends

from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings, settings_of
from pipelines.planning_settings.setting_files.requested_settings import ProposedChange
from pipelines.store.setting_ledger.group_ledger import newest_group_batch
from pipelines.store.setting_ledger.setting_changes import newest_batch
from planner.frame.screen_context import ContextOf
from planner.security.roles import Role
from planner.shown.settings_shown.effect_shown import EffectShown, effect_shown
from planner.shown.settings_shown.level_page import Scope, scope_of, topics_of
from planner.shown.settings_shown.observed import observed_of
from planner.shown.settings_shown.order_calendar import next_order_days
from planner.shown.settings_shown.used_in_plan import used_in_plan

PATIENCE: Final = 0.8
"""Seconds that an answer may take before its progress is shown instead."""


def settings_now(context: ContextOf) -> OrganisationSettings:
    """The settings of the organisation of a request as they are now; the warehouse is never opened.

    They are read again once a setting or a group was changed, by whomever, or another snapshot was published.
    """
    desk, key = context.desk, context.organisation.key
    stamp = (context.view.snapshot_id, newest_batch(desk.store, key), newest_group_batch(desk.store, key))
    kept = desk.kept_settings.get(key)
    if kept is not None and kept[0] == stamp:
        return kept[1]
    found = settings_of(OpenOrganisation(key, desk.settings, desk.store), is_reader=True)
    desk.kept_settings[key] = (stamp, found)
    return found


def effect_of(context: ContextOf, now: OrganisationSettings, changes: Sequence[ProposedChange]) -> EffectShown | None:
    """What changes would do to the plan, or how long that is worked on already; a page asks for its progress."""
    what_ifs = context.desk.what_ifs
    question = what_ifs.ask(now, changes, context.view.snapshot_id)
    what_ifs.wait(question, PATIENCE)
    return effect_shown(question)


SettingsOf = Annotated[OrganisationSettings, Depends(settings_now)]


def level_content(context: ContextOf, now: OrganisationSettings, scope: Scope, *, search: str = "") -> dict[str, Any]:
    """What the list of settings of a level shows."""
    currency = context.organisation.base_currency
    observed = observed_of(context.view, scope)
    return {
        "scope": scope,
        "search": search,
        "topics": topics_of(now, scope, search=search, currency=currency, observed=observed),
        "used": used_in_plan(context.view, scope),
        "may_change": context.may(Role.PLANNER),
        "notice": "",
        "next_days": next_order_days(now, scope.subject, today=now.opened.today()) if scope.level == "supplier" else [],
    }


def scope_in(now: OrganisationSettings, level: str, subject: str) -> Scope:
    """The page of a level and a subject, as a form names them."""
    return scope_of(now, {level: subject})
