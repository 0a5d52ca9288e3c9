"""What a load changes: records that are new, changed, void or gone, and products whose stock moved.

What belongs here: comparing the records that are about to be landed with the stored ones, while both are there.
What does not: landing them (`land.py`). A record whose stamp alone is new is not counted: nothing that we keep changed.
Read more in docs/loading.md.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from pipelines.landing.endpoints import Endpoint
from pipelines.storage.tables import XERO_ITEMS, Table

if TYPE_CHECKING:
    import duckdb

NAMED: Final = 5
MOVES_KEPT: Final = 100
# What says that a record changed at all, and what stock moves by itself.
_STAMPS: Final = {"updated_at"}
_MOVED_BY_STOCK: Final = {"quantity_on_hand", "quantity_on_back_order", "total_cost_pool"}
_VOID: Final = "('VOIDED', 'DELETED')"
_KINDS_OF_INVOICES: Final = "if(type = 'ACCPAY', 'bills', 'sales invoices')"
_RECORDS: Final = {
    "Items": "'products'", "Contacts": "'contacts'", "Invoices": _KINDS_OF_INVOICES, "CreditNotes": "'credit notes'",
    "PurchaseOrders": "'purchase orders'",
}  # fmt: skip


@dataclass(frozen=True)
class RecordChanges:
    """How many records of one kind a load changed; `named` are the first of them, by the number that people know."""

    records: str
    new: int
    changed: int
    void: int
    gone: int
    named: tuple[str, ...]


@dataclass(frozen=True)
class StockMove:
    """A product whose quantity on hand a load changed."""

    product_code: str
    before: float
    after: float


@dataclass(frozen=True)
class LoadChanges:
    """What a load changed: each kind of record that it changed at all, and the products whose stock moved.

    `stock_moves` are the largest of them, at most `MOVES_KEPT`; `products_moved` counts all.
    """

    records: tuple[RecordChanges, ...] = ()
    products_moved: int = 0
    stock_moves: tuple[StockMove, ...] = ()

    def __add__(self, further: "LoadChanges") -> "LoadChanges":
        """The changes of two lists."""
        return LoadChanges(
            self.records + further.records,
            self.products_moved + further.products_moved,
            self.stock_moves + further.stock_moves,
        )

    @property
    def as_json(self) -> dict[str, Any]:
        """The changes in a form that JSON can hold."""
        return asdict(self)


def changes_of(
    connection: "duckdb.DuckDBPyConnection", endpoint: Endpoint, *, incoming: Callable[[Table], str], replaced: str
) -> LoadChanges:
    """What the landing of a list will change.

    `incoming` gives a query for the rows of a table that will be landed; `replaced` is an SQL condition for the stored
    rows that they replace: a record among these that does not come again is gone.
    """
    rows = connection.execute(f"""
        select records, count(*) filter (change = 'new'), count(*) filter (change = 'changed'),
            count(*) filter (change = 'void'), count(*) filter (change = 'gone'),
            list(number order by change = 'new', number)[:{NAMED}]
        from ({_compared(endpoint, incoming, replaced)}) where change is not null group by records order by records
    """).fetchall()
    changes = tuple(
        RecordChanges(records, new, changed, void, gone, tuple(named))
        for records, new, changed, void, gone, named in rows
    )
    moves = _stock_moves(connection, incoming(endpoint.table)) if endpoint.table is XERO_ITEMS else []
    return LoadChanges(changes, len(moves), tuple(moves[:MOVES_KEPT]))


def _compared(endpoint: Endpoint, incoming: Callable[[Table], str], replaced: str) -> str:
    """A query for each record that comes or is replaced: its kind, its number, and what happens to it."""
    columns = [name for name in endpoint.table.columns if name not in _STAMPS | _MOVED_BY_STOCK]
    is_void = f"status in {_VOID}" if "status" in endpoint.table.columns else "false"
    record = (
        f"select {endpoint.key} as id, {_RECORDS[endpoint.name]} as records, {endpoint.number} as number, "
        f"{is_void} as is_void, hash({', '.join(columns)}) as content"
    )
    return f"""
        with came as ({record} from ({incoming(endpoint.table)})),
        stored as ({record} from {endpoint.table.path} where {replaced}),
        stored_before as (select id from came semi join stored on came.id = stored.id),
        came_lines as ({_lines(endpoint, incoming)}),
        stored_lines as ({_lines(endpoint, lambda table: f"from {table.path} where {replaced}")})
        select coalesce(came.records, stored.records) as records, coalesce(came.number, stored.number) as number,
            case
                when came.id is null then 'gone'
                when came.is_void and not coalesce(stored.is_void, false) then 'void'
                when stored.id is null then 'new'
                when came.content <> stored.content
                    or came_lines.content is distinct from stored_lines.content then 'changed'
            end as change
        from came
        full join stored on came.id = stored.id
        left join came_lines on came.id = came_lines.id
        left join stored_lines on came.id = stored_lines.id
    """


def _lines(endpoint: Endpoint, rows: Callable[[Table], str]) -> str:
    """A query for the content of the lines of documents that come and are stored; of a list without lines, nothing."""
    if endpoint.lines is None:
        return "select null::varchar as id, null::hugeint as content where false"
    content = f"sum(hash({', '.join(endpoint.lines.columns)})::hugeint)"
    return (
        f"select {endpoint.key} as id, {content} as content from ({rows(endpoint.lines)}) "
        f"where {endpoint.key} in (select id from stored_before) group by all"
    )


def _stock_moves(connection: "duckdb.DuckDBPyConnection", incoming: str) -> list[StockMove]:
    """The products that were stored with another quantity on hand than they come with, the largest moves first."""
    rows = connection.execute(f"""
        select came.code, stored.quantity_on_hand::double, came.quantity_on_hand::double
        from ({incoming}) as came inner join {XERO_ITEMS.path} as stored on came.item_id = stored.item_id
        where came.quantity_on_hand is distinct from stored.quantity_on_hand
        order by abs(coalesce(came.quantity_on_hand, 0) - coalesce(stored.quantity_on_hand, 0)) desc, came.code
    """).fetchall()
    return [StockMove(*row) for row in rows]
