"""Version 1 of the API: what the screens show, by the same functions.

What belongs here: the routes and their arguments. What does not: shapes (`responses.py`), rules (`pipelines`).
An answer's ETag is its snapshot: it changes when another is published.
"""

from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.openapi.utils import get_openapi
from starlette.responses import JSONResponse, Response

from pipelines.replenishment.plan.plan_progress import COLUMNS
from pipelines.replenishment.plan.plan_reports import REPORTS
from pipelines.replenishment.plan.statuses import STATUSES_NOW
from pipelines.storage import tables
from planner.api import (
    event_routes,
    exception_routes,
    groups_routes,
    kept_plan_routes,
    purchase_orders_routes,
    run_routes,
    service_routes,
    settings_routes,
    table_routes,
)
from planner.api.answer_types.responses import OrganisationAnswer, PlanAnswer, ProductsAnswer, SuppliersAnswer
from planner.api.cursors import cursor_to, row_of
from planner.api.problem_answers import with_problems
from planner.api.snapshot_reading import OF, Cursor, Limit, ReadingOf
from planner.frame.rendered_pages import page
from planner.frame.screen_context import DeskOf
from planner.shown.plan_lines_shown import plan_lines, plan_query
from planner.shown.product_view import explanation_of

PREFIX: Final = "/api/v1"
router = APIRouter(prefix=PREFIX)
for _part in (
    run_routes, purchase_orders_routes, kept_plan_routes, exception_routes, service_routes, table_routes,
    settings_routes, groups_routes, event_routes,
):  # fmt: skip
    router.include_router(_part.router)


@router.get("/organisations", summary="The connected organisations")
def organisations(request: Request, desk: DeskOf) -> list[OrganisationAnswer]:
    """Every organisation that may be looked at."""
    return [
        OrganisationAnswer(**{name: getattr(one, name) for name in OrganisationAnswer.model_fields})
        for one in desk.organisations_of(request.state.session)
    ]


@router.get(f"{OF}/plan", summary="Lines of the newest plan", response_model_exclude_unset=True)
def plan(
    reading: ReadingOf,
    *,
    report: Annotated[str, Query(description=f"{', '.join(REPORTS)}.")] = "all",
    supplier: Annotated[str, Query(description="The supplier's name; a minus for products without one.")] = "",
    group: Annotated[str, Query(description="A group: its id, or its kind and name, such as `brand: Acme`.")] = "",
    status: Annotated[str, Query(description=f"{', '.join(STATUSES_NOW[:-1])} or {STATUSES_NOW[-1]}.")] = "",
    search: Annotated[str, Query(description="Words of code and name, or several codes with commas between.")] = "",
    sort: Annotated[str, Query(description="A column, with a minus from the largest; by default the report's.")] = "",
    columns: Annotated[str, Query(description="Columns with commas between, beside the code; by default all.")] = "",
    limit: Limit = 100,
    cursor: Cursor = "",
) -> PlanAnswer:
    """The lines that the filters find, in order, with what is still to be ordered of all of them.

    Quantities are the plan's own; status, quantity_now and value_now are those after what people decided since.
    """
    filters = {"report": report, "supplier": supplier, "group": group, "status": status, "search": search, "sort": sort}
    query, wanted = plan_query(filters), _known_columns(columns)
    view, book = reading.view, reading.context.desk.plan_books.of(reading.view)
    tag = reading.tag(book.tag())
    first, found = row_of(cursor, tag), plan_lines(view, query, now=book.now())
    return PlanAnswer(
        plan_id=view.summary["plan_id"] if view.summary else None,
        as_of_date=view.as_of,
        lines_found=found.total.lines,
        products_to_order=found.total.to_order,
        order_value_by_currency=dict(found.total.value_by_currency),
        products_decided=found.total.decided,
        lines=found.now.sortable.select(wanted)[found.rows.slice(first, limit)].to_dicts(),
        next_cursor=cursor_to(tag, first + limit, found.rows.len()),
    )


def _known_columns(columns: str) -> list[str]:
    """The columns of the plan that are asked for.

    Raises:
        HTTPException: the plan has no such column.
    """
    known = [*tables.ORDER_PLAN.columns, *COLUMNS]
    names = [name.strip() for name in columns.split(",") if name.strip()]
    if unknown := [name for name in names if name not in known]:
        raise HTTPException(422, f"The plan has no column {unknown[0]!r}.")
    return list(dict.fromkeys(["product_code", *(names or known)]))


@router.get(f"{OF}/products", summary="Products")
def products(reading: ReadingOf, limit: Limit = 100, cursor: Cursor = "") -> ProductsAnswer:
    """Every product of Xero, by code."""
    rows, next_cursor = reading.page_of(reading.view.rows(tables.PRODUCTS), limit, cursor)
    return ProductsAnswer(products=rows, next_cursor=next_cursor)


@router.get(f"{OF}/suppliers", summary="Suppliers")
def suppliers(reading: ReadingOf, limit: Limit = 100, cursor: Cursor = "") -> SuppliersAnswer:
    """Every supplier."""
    rows, next_cursor = reading.page_of(reading.view.rows(tables.SUPPLIERS), limit, cursor)
    return SuppliersAnswer(suppliers=rows, next_cursor=next_cursor)


@router.get(f"{OF}/analysis", summary="How a product's number was made")
def analysis(reading: ReadingOf, product_code: str) -> dict[str, Any]:
    """What `stocktrim explain PRODUCT_CODE --json` prints: the bridge, its sentences, and all behind them."""
    reading.tag()
    return asdict(explanation_of(reading.view, product_code))


@router.get("/openapi.json", include_in_schema=False)
def document() -> JSONResponse:
    """The document of this API, as OpenAPI."""
    return JSONResponse(_document())


@router.get("/docs", include_in_schema=False)
def documentation(request: Request) -> Response:
    """The same for people."""
    return page(request, "api.html", {"document": _document()})


def _document() -> dict[str, Any]:
    described = get_openapi(
        title="StockTrim pipelines",
        version="1",
        description=(
            "What the buyer's desk shows, for programs. Money is a text with its decimals. A program shows its token "
            "in the header Authorization, as Bearer. A write may bear a header Idempotency-Key: sent again within a "
            "day it is not done again and gets the first answer; the same key with another request is refused (422), "
            "and so is the same request while the first is at work (409)."
        ),
        routes=router.routes,
    )
    return with_problems(described)
