"""The tables that Python writes or reads, each declared once: stage, name, grain and polars schema.

One module per stage, which is also the schema in DuckDB: `raw_schema`, `marts_schema` and so on.
What belongs here: the shape of tables that Python writes, or reads of dbt's marts.
What does not: how a table is filled, and the descriptions of its columns. These are in dbt's YAML, as sources for
Python's tables and as models for the marts; a test compares both with these declarations.
Read more in docs/interfaces.md (what is published) and docs/naming.md (how columns are named).
"""

from typing import Final

from pipelines.storage.tables import (
    backtest_schema,
    forecast_schema,
    marts_schema,
    parameters_schema,
    plan_schema,
    purchase_orders_schema,
    raw_schema,
)
from pipelines.storage.tables.backtest_schema import *
from pipelines.storage.tables.declaration import *
from pipelines.storage.tables.declaration import Table
from pipelines.storage.tables.forecast_schema import *
from pipelines.storage.tables.marts_schema import *
from pipelines.storage.tables.parameters_schema import *
from pipelines.storage.tables.plan_schema import *
from pipelines.storage.tables.purchase_orders_schema import *
from pipelines.storage.tables.raw_schema import *

_STAGES: Final = (
    raw_schema,
    marts_schema,
    parameters_schema,
    forecast_schema,
    plan_schema,
    backtest_schema,
    purchase_orders_schema,
)
TABLES: Final[tuple[Table, ...]] = tuple(
    table for stage in _STAGES for table in vars(stage).values() if isinstance(table, Table)
)
PUBLISHED: Final[tuple[Table, ...]] = tuple(table for table in TABLES if table.is_published)
