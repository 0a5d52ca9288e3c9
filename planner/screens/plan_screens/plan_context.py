"""The plan as a request asks for it: its lines with the quantities of now, and the means to change them.

What belongs here: what several parts of the plan's screen need. What does not: their routes.
"""

from collections.abc import Collection, Sequence
from typing import Any

import polars as pl
from fastapi import Request

from pipelines.errors import UsageError
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.organisations.order_decisions.typed_quantities import PlanQuantities, PlanSide
from pipelines.purchasing.drafts import Terms
from pipelines.purchasing.order_changes.creating import PlanSource
from pipelines.storage.tables import Table
from pipelines.store.desk_access.plan_views import PlanView, plan_views
from planner.frame.screen_context import ScreenContext
from planner.frame.writes import Writing
from planner.screens.preferences import columns_chosen
from planner.security.roles import Role
from planner.shown.plan_lines_shown import PlanLines, plan_lines, plan_query
from planner.shown.plan_shown.plan_now import PlanBook


def opened(context: ScreenContext) -> OpenOrganisation:
    """The organisation of a request, open for what people decide."""
    return OpenOrganisation(context.organisation.key, context.desk.settings, context.desk.store)


def book_of(context: ScreenContext) -> PlanBook:
    """The plan with the orders that are known."""
    return context.desk.plan_books.of(context.view)


def views_of(request: Request, context: ScreenContext) -> Sequence[PlanView]:
    """The views of who asks."""
    return plan_views(context.desk.store, context.organisation.key, request.state.session.person)


def found_lines(request: Request, context: ScreenContext) -> PlanLines:
    """The lines that the address asks for."""
    query = plan_query(request.query_params)
    return plan_lines(context.view, query, columns_chosen(request), book_of(context).now())


def selected_codes(writing: Writing, context: ScreenContext) -> list[str]:
    """The products that a form is about: those ticked, or all that its filters find.

    Raises:
        UsageError: none is.
    """
    if writing.text("all"):
        query = plan_query({name: writing.text(name) for name in writing.fields})
        found = plan_lines(context.view, query, now=book_of(context).now())
        codes: list[str] = found.now.lines[found.rows]["product_code"].to_list()
    else:
        codes = list(dict.fromkeys(writing.texts("product")))
    if not codes:
        raise UsageError("Nothing is selected: tick the products first.")
    return codes


def may_write(request: Request, context: ScreenContext) -> bool:
    """Whether who asks may write here."""
    return context.desk.role(request.state.session, context.organisation.key).may(Role.PLANNER)


def plan_source(context: ScreenContext, terms: Terms) -> PlanSource:
    """The plan that is shown, as a source of orders."""
    return PlanSource.of(context.view.summary, loaded_at=context.view.loaded_at, terms=terms)


def quantities_of(context: ScreenContext, product_codes: Collection[str], *, by: str) -> PlanQuantities:
    """The quantities of some products, to be changed by a person."""
    view, book = context.view, book_of(context)
    wanted = pl.col("product_code").is_in(list(product_codes))
    lines: dict[str, dict[str, Any]] = {
        line["product_code"]: line for line in view.order_plan.filter(wanted).iter_rows(named=True)
    }

    tables_read: dict[Table, pl.DataFrame] = {}

    def read(table: Table) -> pl.DataFrame:
        if table not in tables_read:
            of = product_codes if "product_code" in table.columns else None
            tables_read[table] = view.rows(table, of=of)
        return tables_read[table]

    def source(terms: Terms) -> PlanSource:
        return plan_source(context, terms)

    return PlanQuantities(
        opened(context), book.known, book.identities, PlanSide(lines, source, book.planned_at, read), by
    )
