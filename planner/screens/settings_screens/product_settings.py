"""The settings of a product on its page or in the panel beside the plan: looked at, changed and undone in place.

What belongs here: the section. What does not: the steps of a change (`changing.py`), the plan's values in words
(`planner.shown.product_view`).
"""

from collections.abc import Sequence
from typing import Any, Final

from fastapi import Request
from starlette.responses import Response

from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
from pipelines.replenishment.explain.records import SettingInForce
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ScreenContext
from planner.screens.settings_screens.settings_context import settings_now
from planner.security.roles import Role
from planner.shown.product_view import explanation_of, settings_shown
from planner.shown.settings_shown.level_page import Scope, topics_of

AT_PRODUCT: Final = "product"
"""Where a form stands that is answered with this section."""


def section_content(context: ScreenContext, code: str, planned: Sequence[SettingInForce]) -> dict[str, Any]:
    """What the section shows beside the plan's values: what the next plan will use instead, and the other settings."""
    now = settings_now(context)
    scope = Scope("product", code, code)
    rows = [
        row
        for topic in topics_of(now, scope, search="", currency=context.organisation.base_currency, observed={})
        for row in topic.rows
    ]
    changed = _changed(now, code, planned)
    return {
        "later": {row.setting.name: row for row in rows if row.setting.name in changed},
        "rows_by_name": {row.setting.name: row for row in rows},
        "may_change": context.may(Role.PLANNER),
        "notice": "", "undo_batch": 0, "section_problem": "",
    }  # fmt: skip


def _changed(now: OrganisationSettings, code: str, planned: Sequence[SettingInForce]) -> set[str]:
    """The settings whose value in force is another one than the plan was made with."""
    of_plan = {one.name: one.value for one in planned}
    return {row.setting.name for row in now.of_product(code) if of_plan.get(row.setting.name, row.value) != row.value}


def section_page(
    request: Request, context: ScreenContext, code: str, *, notice: str = "", problem: str = "", batch: int = 0,
    status: int = 200,
) -> Response:  # fmt: skip
    """The section as it is after a change, below what was done; `batch` is the change that can be undone."""
    explanation = explanation_of(context.view, code)
    content = section_content(context, code, explanation.settings) | {
        "settings": settings_shown(explanation), "product_code": code, "notice": notice, "undo_batch": batch,
        "section_problem": problem,
    }  # fmt: skip
    answer = page(request, "product/settings.html", context.content(screen="product", **content), status=status)
    answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#product-settings", "innerHTML"
    return answer
