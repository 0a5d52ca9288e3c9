"""Walks through dbt's graph: the part of it that Dagster shows, and what must be built for a change.

What belongs here: pure functions of dbt's manifest. What does not: running dbt (`dbt_project.py`).
Nobody looks at staging and intermediate models one by one, and an asset costs a run three events. So Dagster's lineage
leads from the tables of `raw` to the marts; dbt's own documentation has the models between them.
Read more in docs/warehouse.md.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Final

Manifest = Mapping[str, Any]
MARTS: Final = "marts"
COMPARED: Final = "compared"
"""The tag of a view of which only the rows count: what comes after it is built again only if they changed."""


def shown_part(manifest: Manifest) -> Manifest:
    """The manifest of the marts and their tests alone; each depends on the marts and sources behind it."""
    marts = {node_id: _shown_node(manifest, node_id) for node_id, node in manifest["nodes"].items() if is_mart(node)}
    tests = {node_id: _shown_node(manifest, node_id) for node_id in tests_of(manifest, marts)}
    parents = {node_id: node["depends_on"]["nodes"] for node_id, node in {**marts, **tests}.items()}
    return {**manifest, "nodes": {**marts, **tests}, "parent_map": parents}


def is_mart(node: Mapping[str, Any]) -> bool:
    """Whether a node of the manifest is a mart."""
    return (node["resource_type"], node["schema"]) == ("model", MARTS)


def path_of(node: Mapping[str, Any]) -> str:
    """The path of the table or view of a model or source, such as `marts.products`."""
    return f"{node['schema']}.{node['name']}"


def tests_of(manifest: Manifest, models: Collection[str]) -> list[str]:
    """The ids of the tests that are declared for some models."""
    return [node_id for node_id, node in manifest["nodes"].items() if node.get("attached_node") in models]


def tables_of(manifest: Manifest) -> list[str]:
    """The ids of the models that dbt writes as tables."""
    return [node_id for node_id, node in manifest["nodes"].items() if node["config"].get("materialized") == "table"]


def compared_views(manifest: Manifest) -> list[str]:
    """The ids of the views of which only the rows count."""
    return [node_id for node_id, node in manifest["nodes"].items() if COMPARED in node["tags"]]


def inputs_of(manifest: Manifest) -> list[str]:
    """The ids of the sources and compared views that dbt's tables are made from.

    A source that tables are made from through compared views alone, such as the log of loads, is none of them.
    """
    tables = set(tables_of(manifest))
    compared = set(compared_views(manifest))
    behind = _reached(tables, lambda it: _parents(manifest, it), beyond=lambda it: it not in tables | compared)
    return sorted(node_id for node_id in behind if node_id in compared or node_id in manifest["sources"])


def after(manifest: Manifest, node_ids: Iterable[str]) -> set[str]:
    """The ids of the models that are made from some nodes, at first or at second hand."""
    children = manifest["child_map"]
    reached = _reached(node_ids, lambda node_id: children.get(node_id, []), beyond=lambda _: True)
    return {node_id for node_id in reached if node_id.startswith("model.")}


def tests_that_read(manifest: Manifest, models: Collection[str]) -> list[str]:
    """The ids of the tests that read any of some models."""
    nodes = manifest["nodes"].items()
    tests = {node_id: set(node["depends_on"]["nodes"]) for node_id, node in nodes if node["resource_type"] == "test"}
    return [node_id for node_id, read in tests.items() if read & set(models)]


def hidden_behind(manifest: Manifest, node_ids: Iterable[str]) -> set[str]:
    """The ids of the models between some nodes and the marts and sources behind them."""
    return {node_id for node_id in _behind(manifest, node_ids) if _is_hidden(manifest, node_id)}


def _shown_node(manifest: Manifest, node_id: str) -> dict[str, Any]:
    """A node that depends only on what Dagster shows."""
    behind = {parent for parent in _behind(manifest, [node_id]) if not _is_hidden(manifest, parent)}
    node = manifest["nodes"][node_id]
    return {**node, "depends_on": {**node["depends_on"], "nodes": sorted(behind)}}


def _behind(manifest: Manifest, node_ids: Iterable[str]) -> Iterator[str]:
    """The ids of everything that some nodes are made from, as far as the next marts and sources."""
    return _reached(node_ids, lambda it: _parents(manifest, it), beyond=lambda it: _is_hidden(manifest, it))


def _parents(manifest: Manifest, node_id: str) -> list[str]:
    parents: list[str] = manifest["nodes"][node_id]["depends_on"]["nodes"] if node_id in manifest["nodes"] else []
    return parents


def _is_hidden(manifest: Manifest, node_id: str) -> bool:
    return node_id in manifest["nodes"] and not is_mart(manifest["nodes"][node_id])


def _reached(
    node_ids: Iterable[str], following: Callable[[str], Iterable[str]], *, beyond: Callable[[str], bool]
) -> Iterator[str]:
    """The ids that are reached from some ids, each once; a walk goes on after an id only if `beyond` holds for it."""
    seen: set[str] = set()
    waiting = list(node_ids)
    while waiting:
        for node_id in sorted(set(following(waiting.pop())) - seen):
            seen.add(node_id)
            yield node_id
            if beyond(node_id):
                waiting.append(node_id)
