"""What every route that reads stands on: its snapshot, its ETag, its pages.

    @router.get("/organisations/{key}/products")
    def products(reading: ReadingOf, limit: Limit = 100, cursor: Cursor = "") -> ProductsAnswer:
        rows, following = reading.page_of(reading.view.rows(tables.PRODUCTS), limit, cursor)

A program that sends the ETag it has as If-None-Match is answered 304 without a body while nothing was published.
What belongs here: what routes that read share. What does not: what they answer.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Final

import polars as pl
from fastapi import Depends, Query, Request, Response
from starlette.exceptions import HTTPException

from planner.api.cursors import cursor_to, row_of
from planner.frame.screen_context import ContextOf, ScreenContext
from planner.shown.published_view import PublishedView

MOST_LINES: Final = 1_000
OF: Final = "/organisations/{key}"
Limit = Annotated[int, Query(ge=1, le=MOST_LINES, description="How many at most.")]
Cursor = Annotated[str, Query(description="Where to go on: next_cursor of the answer before.", max_length=200)]


@dataclass(frozen=True)
class SnapshotReading:
    """A request that reads an organisation's published snapshot."""

    request: Request
    response: Response
    context: ScreenContext

    @property
    def view(self) -> PublishedView:
        """The snapshot."""
        return self.context.view

    def tag(self, *decided: object) -> str:
        """Give the answer its ETag: the snapshot, and what was `decided` since if the answer has it.

        Raises:
            HTTPException: 304, since the program has this answer already.
        """
        tag = ".".join(map(str, (self.view.snapshot_id, *decided)))
        headers = {"ETag": f'"{tag}"', "Cache-Control": "private, no-cache"}
        known = self.request.headers.get("If-None-Match", "")
        if f'"{tag}"' in {one.strip().removeprefix("W/") for one in known.split(",")}:
            raise HTTPException(304, headers=headers)
        self.response.headers.update(headers)
        return tag

    def page_of(
        self, rows: pl.DataFrame, limit: int, cursor: str, *decided: object
    ) -> tuple[list[dict[str, Any]], str | None]:
        """A page of rows, and the cursor to the next one; None after the last."""
        tag = self.tag(*decided)
        first = row_of(cursor, tag)
        return rows.slice(first, limit).to_dicts(), cursor_to(tag, first + limit, rows.height)


def reading_of(request: Request, response: Response, context: ContextOf) -> SnapshotReading:
    """The reading of a request."""
    return SnapshotReading(request, response, context)


ReadingOf = Annotated[SnapshotReading, Depends(reading_of)]
