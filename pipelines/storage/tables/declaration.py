"""What a table's declaration says, and the types that its columns share.

Read more in docs/interfaces.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import polars as pl

type_of = pl.DataType | type[pl.DataType]

QUANTITY: Final = pl.Decimal(18, 4)
UNIT_PRICE: Final = pl.Decimal(18, 4)
MONEY: Final = pl.Decimal(18, 2)
RATE: Final = pl.Decimal(18, 6)
# A larger amount is a slip; dbt's macro `money` has the same limit, and a test compares them.
MOST_MONEY: Final = 1e15
INSTANT: Final = pl.Datetime("us", "UTC")
# The last column of every published table, put on when it is published.
ORGANISATION_KEY: Final = "organisation_key"


@dataclass(frozen=True, eq=False)
class Table:
    """A table: its stage (= DuckDB schema), its name, what a row is, and its columns in order."""

    stage: str
    name: str
    grain: str
    columns: Mapping[str, type_of]
    is_published: bool = False

    @property
    def path(self) -> str:
        """The name to use in SQL, such as `marts.products`."""
        return f"{self.stage}.{self.name}"

    @property
    def published_columns(self) -> list[str]:
        """The columns that readers of a published table see: its own, and the organisation's key."""
        return [*self.columns, ORGANISATION_KEY]

    @property
    def schema(self) -> pl.Schema:
        """The polars schema, to build and check frames."""
        return pl.Schema(self.columns)


def table(stage: str, name: str, grain: str, /, **columns: type_of) -> Table:
    """A table that stays inside the warehouse."""
    return Table(stage, name, grain, MappingProxyType(columns))


def published_table(stage: str, name: str, grain: str, /, **columns: type_of) -> Table:
    """A table that every snapshot holds, so that people may read it."""
    return Table(stage, name, grain, MappingProxyType(columns), is_published=True)


def empty(table: Table) -> pl.DataFrame:
    """A frame of the table's shape without rows."""
    return pl.DataFrame(schema=table.schema)
