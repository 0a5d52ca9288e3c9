"""Which lists a load reads, and from when.

What belongs here: turning what a person ticked, and what is stored, into readings. What does not: reading.
A watermark counts only where the warehouse holds the rows that it speaks of: a new warehouse is read in full.
Read more in docs/operations.md.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import duckdb

from pipelines.errors import UsageError
from pipelines.landing.endpoints import USUAL_ENTITIES, Entity, endpoints_of
from pipelines.landing.extract import Reading
from pipelines.tables import ENTITY_LOADS
from pipelines.warehouse import read_table


def choose_readings(
    connection: duckdb.DuckDBPyConnection,
    watermarks: Mapping[str, datetime],
    *,
    entities: Iterable[str] = (),
    refresh: Iterable[str] = (),
) -> tuple[Reading, ...]:
    """What to read: the entities that were ticked, those to refresh in full; the usual where nothing was said.

    The usual is products, sales orders and purchase orders, and whatever was never loaded.

    Raises:
        UsageError: a word names no entity.
    """
    ticked, refreshed = _named(entities), _named(refresh)
    loaded = set(read_table(connection, ENTITY_LOADS)["entity"].to_list())
    wanted = (ticked | refreshed) or {*USUAL_ENTITIES, *(entity for entity in Entity if entity not in loaded)}
    return tuple(
        Reading(endpoint, watermarks.get(endpoint.name) if endpoint.entity in loaded - refreshed else None)
        for endpoint in endpoints_of(wanted)
    )


def _named(words: Iterable[str]) -> set[Entity]:
    found = set()
    for word in words:
        try:
            found.add(Entity(word.replace("-", "_")))
        except ValueError:
            known = ", ".join(entity.value for entity in Entity)
            raise UsageError(f"{word!r} cannot be loaded; choose among {known}.") from None
    return found
