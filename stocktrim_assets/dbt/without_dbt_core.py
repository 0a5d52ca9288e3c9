"""Importing dagster-dbt as if dbt-core were not installed beside it, which dagster-dbt supports.

What belongs here: that alone. dbt runs in a process of its own, and nothing here selects models in dbt's words, so this
process needs none of dbt-core: it would take more than a second of every run, and 40 MB of every server.
Read more in docs/adr/dependencies.md.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

DBT: str = "dbt"


@contextmanager
def without_dbt_core() -> Iterator[None]:
    """A block whose imports find no dbt-core, unless it is imported already."""
    if DBT in sys.modules:
        yield
        return
    cast("dict[str, Any]", sys.modules)[DBT] = None
    try:
        yield
    finally:
        del sys.modules[DBT]
