"""dbt's own command, `python -m stocktrim_assets.dbt build ...`, which collects garbage and reads the project seldom.

What belongs here: how often it does, and that it ends with the run that started it. What does not: what dbt is asked
for (`dbt_project.py`).
dbt makes hundreds of thousands of objects that stay: collecting as often as usual takes a fifth of a build.
It keeps what it has read of the project for one address of a warehouse. No model depends on that address, so it is left
out of what is compared: what `make install` has read serves every organisation, and only files that changed are read.
Read more in docs/warehouse.md.
"""

import gc
from typing import Any, Final

from pipelines.heavy_imports import without_collection
from stocktrim_assets.dbt.orphans import end_with_parent

THRESHOLDS: Final = (50_000, 20, 1_000)

if __name__ == "__main__":
    end_with_parent()

with without_collection():
    from dbt.adapters.duckdb.credentials import DuckDBCredentials
    from dbt.cli.main import cli


def forget_the_address() -> None:
    """Leave the path of the warehouse out of what dbt compares before it takes over what it has read."""
    credentials: Any = DuckDBCredentials
    keys = credentials._connection_keys  # noqa: SLF001, dbt has no setting for it
    credentials._connection_keys = lambda self: tuple(key for key in keys(self) if key != "path")  # noqa: SLF001, as above


if __name__ == "__main__":
    gc.set_threshold(*THRESHOLDS)
    forget_the_address()
    cli()
