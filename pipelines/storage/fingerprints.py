"""Fingerprints of what a stage reads: equal for equal content, different as soon as any value, row or line of code is.

What belongs here: fingerprints of tables, of values and of the code. What does not: comparing them (`stage_marks.py`).
Read more in docs/adr/0011-unchanged-stages-are-skipped.md.
"""

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.requirements import Requirement

if TYPE_CHECKING:
    import duckdb

MISSING: Final = "missing"
"""The fingerprint of a table that does not exist."""
_COLUMNS: Final = (
    "select column_name, data_type from duckdb_columns() "
    "where database_name = current_database() and schema_name = ? and table_name = ? order by column_name"
)
_DISTRIBUTION: Final = "stocktrim-pipelines"
_SOURCES: Final = {".py", ".sql", ".yml", ".md", ".csv"}
_NO_SOURCES: Final = {"target", "logs", "dbt_packages", "__pycache__"}


def table_fingerprint(connection: "duckdb.DuckDBPyConnection", path: str, *, where: str = "true") -> str:
    """The fingerprint of a table or view such as `marts.products`, or of its rows that meet an SQL condition.

    The order of the rows does not count, how often each occurs does; so do the names and the types of the columns.
    """
    columns = connection.execute(_COLUMNS, path.split(".")).fetchall()
    if not columns:
        return MISSING
    query = f"select count(*), sum(hash(every)::hugeint) from {path} as every where {where}"
    count, total = connection.execute(query).fetchall()[0]
    return value_fingerprint([columns, count, str(total)])


def table_fingerprints(connection: "duckdb.DuckDBPyConnection", paths: Iterable[str]) -> dict[str, str]:
    """The fingerprint of each table, by its path."""
    return {path: table_fingerprint(connection, path) for path in paths}


def value_fingerprint(value: object) -> str:
    """The fingerprint of a value of lists, dictionaries, texts, numbers and instants.

    >>> value_fingerprint({"a": 1, "b": None}) == value_fingerprint({"b": None, "a": 1})
    True
    >>> value_fingerprint(["1"]) == value_fingerprint([1])
    False
    """
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def code_fingerprint(folders: Iterable[Path]) -> str:
    """The fingerprint of the source files of some folders, of the libraries that they use, and of Python."""
    digest = hashlib.sha256(platform.python_version().encode())
    for name in _libraries():
        digest.update(f"{name} {importlib.metadata.version(name)}\n".encode())
    for folder in folders:
        for path in _source_files(folder):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{folder.name}/{path.relative_to(folder)} {content}\n".encode())
    return digest.hexdigest()


def _libraries() -> list[str]:
    """The names of the libraries that the project requires."""
    required = map(Requirement, importlib.metadata.requires(_DISTRIBUTION) or ())
    return sorted(each.name for each in required if each.marker is None or each.marker.evaluate())


def _source_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in _NO_SOURCES and not path.name.startswith("."):
            yield from _source_files(path)
        elif path.suffix in _SOURCES:
            yield path
