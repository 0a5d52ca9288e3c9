"""The lines of the plan that a person asked for: report, filters, words, order, page; and what they come to.

What belongs here: from what the address says to rows. What does not: the rules of reports and search (`pipelines`).
Whatever an address says is taken as far as it makes sense: a page that does not exist is the last one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

import polars as pl

from pipelines.replenishment.plan.plan_reports import (
    REPORTS,
    URGENCY,
    LinesTotal,
    PlanReport,
    found_by,
    rows_in_order,
    total_of,
)
from pipelines.replenishment.plan.statuses import STATUSES_NOW
from planner.shown.plan_columns import COLUMNS, FIRST_SHOWN, PlanColumn, chosen_columns, meaning_of
from planner.shown.plan_shown.plan_now import PlanNow
from planner.shown.published_view import PublishedView
from planner.shown.sparklines import Sparkline, sparklines

PAGE_LINES: Final = 100
MOST_SEARCHED: Final = 4_000
NO_SUPPLIER: Final = "-"


@dataclass(frozen=True)
class PlanQuery:
    """What a person asks of the plan; empty texts want all."""

    report: str = "all"
    supplier: str = ""
    group: str = ""
    status: str = ""
    search: str = ""
    sort: str = ""
    columns: str = ""
    page: int = 1

    def address(self, **changes: Any) -> str:
        """The query as the end of an address, with some changes; what is usual is left out."""
        wanted, usual = replace(self, **{"page": 1, **changes}), PlanQuery()
        return urlencode({name: value for name, value in vars(wanted).items() if value != getattr(usual, name)})

    @property
    def is_filtered(self) -> bool:
        """Whether more than the report narrows the lines."""
        return bool(self.supplier or self.group or self.status or self.search)

    @property
    def column_names(self) -> list[str]:
        """The columns that the address asks for, in their order."""
        return [name for name in self.columns.split(".") if name]


def plan_query(parameters: Mapping[str, str]) -> PlanQuery:
    """The query of an address; what is no report, status or column counts as not said.

    >>> plan_query({"page": "zz", "sort": "evil", "report": "overstocked"})
    PlanQuery(report='overstocked', supplier='', group='', status='', search='', sort='', columns='', page=1)
    """
    sort, report, status = parameters.get("sort", ""), parameters.get("report", ""), parameters.get("status", "")
    column = COLUMNS.get(sort.removeprefix("-"))
    return PlanQuery(
        report=report if report in REPORTS else "all",
        supplier=parameters.get("supplier", ""),
        group=parameters.get("group", ""),
        status=status if status in STATUSES_NOW else "",
        search=parameters.get("search", "")[:MOST_SEARCHED].strip(),
        sort=sort if sort in {URGENCY, f"-{URGENCY}"} or (column is not None and column.is_sortable) else "",
        columns=".".join(one.name for one in chosen_columns(parameters.get("columns", "").split("."), instead=())),
        page=_page(parameters.get("page", "")),
    )


def _page(text: str) -> int:
    """A page's number; 1 for what is none.

    >>> _page("3"), _page("-1"), _page("zz"), _page("1" * 400), _page("³")
    (3, 1, 1, 1000000, 1)
    """
    if not (text.isascii() and text.isdecimal()):
        return 1
    return max(1, int(text) if len(text) <= 6 else 1_000_000)  # noqa: PLR2004, a million pages


@dataclass(frozen=True)
class PlanLines:
    """The lines that a query finds, a page of them, and the pictures of that page."""

    view: PublishedView
    query: PlanQuery
    columns: Sequence[PlanColumn]
    rows: pl.Series
    now: PlanNow

    @property
    def report(self) -> PlanReport:
        """The report that was asked for."""
        return REPORTS[self.query.report]

    @property
    def product_column(self) -> PlanColumn:
        """The column that stands first in every row."""
        return COLUMNS["product_code"]

    @property
    def sort(self) -> str:
        """The order of the lines: as asked, else that of the report."""
        return self.query.sort or self.report.sort

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-self.rows.len() // PAGE_LINES))

    @property
    def page(self) -> int:
        """The page shown: the one asked for, or the last."""
        return min(self.query.page, self.pages)

    @property
    def first_line(self) -> int:
        """The number of the page's first line among those found, from 1."""
        return (self.page - 1) * PAGE_LINES + 1

    @cached_property
    def lines(self) -> list[dict[str, Any]]:
        """The lines of the page."""
        rows = self.rows.slice(self.first_line - 1, PAGE_LINES)
        return self.now.lines[rows].to_dicts()

    @cached_property
    def total(self) -> LinesTotal:
        """What all lines found come to, not only those of the page."""
        return total_of(self.now.lines, self.rows)

    @cached_property
    def pictures(self) -> Mapping[str, Sparkline]:
        """The picture of each line of the page; none if the column is not shown."""
        if not any(column.kind == "picture" for column in self.columns):
            return {}
        return sparklines(self.view, [line["product_code"] for line in self.lines])

    @cached_property
    def currencies(self) -> Sequence[str]:
        """The currencies of the whole plan: money names its currency only if there are several."""
        return self.view.order_plan["currency"].drop_nulls().unique().sort().to_list()

    def meaning(self, column: PlanColumn) -> str:
        """What a column means, in a sentence."""
        return meaning_of(column, self.view.meanings)

    def sort_link(self, column: PlanColumn) -> str:
        """The query that sorts by a column: numbers from the largest first, and the other way round at the next go."""
        first, then = (f"-{column.name}", column.name) if column.is_number else (column.name, f"-{column.name}")
        return self.query.address(sort=then if self.sort == first else first)

    def direction(self, column: PlanColumn) -> str:
        """How the lines are sorted by a column, in ARIA's word."""
        if self.sort.removeprefix("-") != column.name:
            return "none"
        return "descending" if self.sort.startswith("-") else "ascending"


def plan_lines(
    view: PublishedView, query: PlanQuery, chosen: Sequence[str] = (), now: PlanNow | None = None
) -> PlanLines:
    """The lines that a query finds, with the columns that a person chose, else those of the report.

    With `now` quantities and values are those of the drafts; without, those that were published.
    """
    now = now or PlanNow(view)
    report = REPORTS[query.report]
    found = pl.all_horizontal(report.condition, *_conditions(view, query))
    rows = rows_in_order(now.sortable, found, now.sort_of(query.sort or report.sort))
    usual = (*FIRST_SHOWN[:-2], *(name for name in report.columns if name not in FIRST_SHOWN), *FIRST_SHOWN[-2:])
    return PlanLines(view, query, chosen_columns(query.column_names or chosen, instead=usual), rows, now)


def report_counts(now: PlanNow) -> dict[str, int]:
    """How many lines each report has."""
    counted = now.sortable.select(report.condition.sum().alias(name) for name, report in REPORTS.items())
    return {**counted.row(0, named=True), "all": now.sortable.height}


def suppliers_of(view: PublishedView) -> list[str]:
    """The names of the plan's suppliers, in the order of the alphabet."""
    names = view.order_plan.filter(pl.col("supplier_id").is_not_null())["supplier_name"]
    return sorted(set(names.drop_nulls()) - {""}, key=str.casefold)


def _conditions(view: PublishedView, query: PlanQuery) -> list[pl.Expr]:
    is_none = pl.col("supplier_id").is_null()
    by_supplier = is_none if query.supplier == NO_SUPPLIER else pl.col("supplier_name") == query.supplier
    return [
        *([by_supplier] if query.supplier else []),
        *([pl.col("product_code").is_in(view.products_of_group(query.group))] if query.group else []),
        *([pl.col("status") == query.status] if query.status else []),
        *([found_by(query.search, view.codes)] if query.search else []),
    ]
