"""What dbt says of a published table: the type and the meaning of each column."""

import json
from functools import cache
from typing import Any

from pipelines.storage.tables import Table
from stocktrim_assets.dbt.dbt_project import MANIFEST


@cache
def _nodes() -> dict[tuple[str, str], Any]:
    manifest = json.loads(MANIFEST.read_text())
    nodes = [*manifest["nodes"].values(), *manifest["sources"].values()]
    return {(node["schema"], node["name"]): node for node in nodes if node["resource_type"] in ("model", "source")}


def columns_in_words(table: Table) -> dict[str, tuple[str, str]]:
    """For each column its type and its meaning, as dbt documents them."""
    found = next(
        node for (schema, name), node in _nodes().items() if name == table.name and schema.endswith(table.stage)
    )
    return {name: (column["data_type"], column["description"]) for name, column in found["columns"].items()}
