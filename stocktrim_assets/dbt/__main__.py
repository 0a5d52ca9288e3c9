"""dbt's own command, `python -m stocktrim_assets.dbt build ...`, which seldom stops to collect garbage.

What belongs here: how often it does, and that it ends with the run that started it. What does not: what dbt is asked
for (`dbt_project.py`).
dbt makes hundreds of thousands of objects that stay: collecting as often as usual takes a fifth of a build.
Read more in docs/warehouse.md.
"""

import gc
from typing import Final

from pipelines.heavy_imports import without_collection
from stocktrim_assets.dbt.orphans import end_with_parent

THRESHOLDS: Final = (50_000, 20, 1_000)

if __name__ == "__main__":
    end_with_parent()

with without_collection():
    from dbt.cli.main import cli

if __name__ == "__main__":
    gc.set_threshold(*THRESHOLDS)
    cli()
