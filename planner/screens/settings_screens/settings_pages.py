"""The pages of settings: of all products, a supplier, a group, a product; and finding one of these."""

from typing import Annotated, Any, Final

import polars as pl
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
from pipelines.product_codes import contains_words
from pipelines.storage import tables
from planner.frame.rendered_pages import page
from planner.frame.screen_context import ContextOf, ScreenContext
from planner.screens.settings_screens.changing import editor_content
from planner.screens.settings_screens.settings_context import SettingsOf, level_content
from planner.security.roles import Role
from planner.shown.settings_shown.level_page import scope_of
from planner.shown.settings_shown.suppliers_list import set_by_subject, suppliers_listed

router = APIRouter(prefix="/o/{key}/settings")
_MOST_FOUND: Final = 25


@router.get("")
def settings(
    request: Request,
    context: ContextOf,
    now: SettingsOf,
    change: str = "",
    search: str = "",
    share: Annotated[float | None, Query(gt=0, lt=1)] = None,
) -> Response:
    """The page of whom the address names; `change` opens the form of a setting, with a `share` as its new value."""
    scope = scope_of(now, request.query_params)
    content = level_content(context, now, scope, search=search) | {"open": change, "editor": None}
    if change:
        content["editor"] = editor_content(context, now, scope, change, share=share)
    return page(request, "settings/level.html", _content(context, tab=scope.level, **content))


@router.get("/list")
def settings_list(request: Request, context: ContextOf, now: SettingsOf, search: str = "") -> Response:
    """The settings alone, while somebody searches."""
    scope = scope_of(now, request.query_params)
    content = level_content(context, now, scope, search=search) | {"open": "", "editor": None}
    return page(request, "settings/setting_list.html", _content(context, tab=scope.level, **content))


@router.get("/suppliers")
def suppliers(request: Request, context: ContextOf, now: SettingsOf) -> Response:
    """Every supplier with what is set for it."""
    rows = suppliers_listed(context.view, now, currency=context.organisation.base_currency)
    return page(request, "settings/suppliers.html", _content(context, tab="supplier", rows=rows))


@router.get("/groups")
def groups(request: Request, context: ContextOf, now: SettingsOf) -> Response:
    """Every group with how many products and settings it has."""
    content = _content(context, tab="group", rows=_groups(now), may_change=context.may(Role.PLANNER))
    return page(request, "settings/groups.html", content)


@router.get("/products")
def products(request: Request, context: ContextOf, now: SettingsOf, find: str = "") -> Response:
    """Finding a product; without words, those that have settings of their own."""
    content = _content(context, tab="product", find=find, **_found(context, now, find))
    return page(request, "settings/products.html", content)


@router.get("/product-codes")
def product_codes(
    request: Request, context: ContextOf, value: str = "", subject: str = "", product: str = ""
) -> Response:
    """The products that a field may mean, as the options of its list."""
    value = value or subject or product
    rows = _matching(context, value).head(_MOST_FOUND) if value.strip() else pl.DataFrame()
    return page(request, "settings/product_options.html", {"rows": rows.to_dicts()})


def _content(context: ScreenContext, **more: Any) -> dict[str, Any]:
    return context.content(screen="settings", **more)


def _groups(now: OrganisationSettings) -> list[dict[str, Any]]:
    members, settings_of = dict(now.groups.membership.group_by("group_id").len().rows()), set_by_subject(now, "group")
    return [
        {
            "group": group, "products": members.get(group.group_id, 0), "settings": settings_of[group.group_id],
        }
        for group in now.groups.groups.values()
    ]  # fmt: skip


def _found(context: ScreenContext, now: OrganisationSettings, find: str) -> dict[str, Any]:
    own = set_by_subject(now, "product")
    has_own = pl.col("product_code").is_in(list(own))
    rows = _matching(context, find) if find.strip() else _products(context).filter(has_own)
    return {"rows": rows.head(_MOST_FOUND).to_dicts(), "count": rows.height, "own": own, "most": _MOST_FOUND}


def _matching(context: ScreenContext, text: str) -> pl.DataFrame:
    return _products(context).filter(contains_words(text))


def _products(context: ScreenContext) -> pl.DataFrame:
    columns = ["product_code", "product_name", "supplier_name"]
    return context.view.rows(tables.PRODUCTS, columns=columns).sort("product_code")
