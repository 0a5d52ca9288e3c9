"""A plan is kept whole: its forecast and its own tables change in one transaction, or none of them does.

What belongs here: where a forecast waits until a plan was made of it, and putting both in the place of the plan before.
What does not: making them, and publishing (`snapshots.py`).
The forecast is made by steps of its own, minutes before the plan, and whatever is published meanwhile must be of one
plan: so it waits in the schema `unfinished`, which nobody publishes. A run that ends before its plan is kept leaves the
plan before as it was; the next one writes over what waits there.
Read more in docs/operations.md.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import duckdb
import polars as pl

from pipelines.storage import tables
from pipelines.storage.tables import Table
from pipelines.storage.warehouse import (
    insert_rows,
    put_rows,
    put_table,
    read_table,
    select_declared,
    table_exists,
    transaction,
)

CHOICE: Final = (tables.MODEL_CHOICE, tables.MODEL_SCORES, tables.FORECAST_CALIBRATION)
"""The models, which a forecast is made by."""
FORECAST: Final = (
    tables.DEMAND_FORECAST, tables.DEMAND_QUANTILES, tables.DEMAND_HORIZONS, tables.ONE_OFF_ORDERS,
)  # fmt: skip
UNFINISHED: Final = "unfinished"


def set_aside_models(connection: duckdb.DuckDBPyConnection, frames: Mapping[Table, pl.DataFrame]) -> None:
    """Let the tables of `CHOICE` wait for a forecast by these models; one that waits was made by others, and goes."""
    with transaction(connection):
        for table in FORECAST:
            connection.execute(f"drop table if exists {_aside(table).path}")
        _set_aside(connection, frames)


def set_aside_forecast(connection: duckdb.DuckDBPyConnection, frames: Mapping[Table, pl.DataFrame]) -> None:
    """Let the tables of `FORECAST` wait for a plan of them."""
    with transaction(connection):
        _set_aside(connection, frames)


def read_models(connection: duckdb.DuckDBPyConnection, table: Table) -> pl.DataFrame:
    """A table of `CHOICE` to forecast by: the one that waits, else that of the plan that is kept."""
    return read_table(connection, _aside(table) if table_exists(connection, _aside(table)) else table)


def read_forecast(connection: duckdb.DuckDBPyConnection, table: Table) -> pl.DataFrame:
    """A table of `CHOICE` or `FORECAST` to plan with: the one that waits, else that of the plan that is kept."""
    return read_table(connection, _aside(table) if table in _waiting(connection) else table)


def keep_plan(
    connection: duckdb.DuckDBPyConnection, replaced: Mapping[Table, pl.DataFrame], added: Mapping[Table, pl.DataFrame]
) -> None:
    """Put a plan, with the forecast that waits, in the place of the plan before: all of it or nothing.

    `replaced` are tables of this plan alone; of `added` the rows of the same day or plan, by the key that
    `_KEYS` names, are replaced. Drafts of the plan before that nobody edited go with it.
    """
    with transaction(connection):
        for table in _waiting(connection):
            connection.execute(f"delete from {table.path}")
            connection.execute(f"insert into {table.path} by name {select_declared(connection, _aside(table))}")
        connection.execute(f"drop schema if exists {UNFINISHED} cascade")
        for table, frame in replaced.items():
            put_table(connection, table, frame)
        for table, frame in added.items():
            put_rows(connection, table, frame, key=_KEYS[table])
        connection.execute(f"delete from {tables.PURCHASE_ORDER_DRAFTS.path} where not is_edited")


_KEYS: Final = {tables.PLAN_SUMMARY: "plan_id", tables.PLAN_HISTORY: "plan_id", tables.KPI_DAILY: "as_of_date"}


def _aside(table: Table) -> Table:
    return replace(table, stage=UNFINISHED)


def _waiting(connection: duckdb.DuckDBPyConnection) -> tuple[Table, ...]:
    """What waits to be planned with: nothing before a forecast was made by the models that wait."""
    there = tuple(table for table in (*CHOICE, *FORECAST) if table_exists(connection, _aside(table)))
    return there if set(FORECAST) <= set(there) else ()


def _set_aside(connection: duckdb.DuckDBPyConnection, frames: Mapping[Table, pl.DataFrame]) -> None:
    connection.execute(f"create schema if not exists {UNFINISHED}")
    for table, frame in frames.items():
        connection.execute(f"create or replace table {_aside(table).path} as select * from {table.path} limit 0")
        insert_rows(connection, _aside(table).path, frame.select(list(table.columns)))
