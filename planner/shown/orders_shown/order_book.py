"""The orders of an organisation as a request sees them: the ledger of now beside the snapshot of the request.

What belongs here: opening the order desk. What does not: what is shown of it (`order_rows.py`, `order_view.py`).
"""

import polars as pl

from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.organisations.order_decisions.order_desk import OrderDesk
from pipelines.storage import tables
from pipelines.storage.tables import Table
from planner.desk import Desk
from planner.shown.published_view import PublishedView


def order_book(desk: Desk, view: PublishedView) -> OrderDesk:
    """The order desk of an organisation, which reads tables from the snapshot of the request."""
    kept: dict[Table, pl.DataFrame] = {}

    def read(table: Table) -> pl.DataFrame:
        if table not in kept:
            kept[table] = view.order_plan if table == tables.ORDER_PLAN else view.rows(table)
        return kept[table]

    return OrderDesk(OpenOrganisation(view.key, desk.settings, desk.store), read)
