"""The plan of a load: which lists it reads, and since when.

What belongs here: turning what a person chose, and what is stored, into requests. What does not: reading.
A watermark counts only if the warehouse holds the rows that it covers: a new warehouse is read in full.
Read more in docs/loading.md.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final

import duckdb

from pipelines.errors import UsageError
from pipelines.landing.concurrent_reads import LoadPlan
from pipelines.landing.endpoints import CONTACTS, USUAL_ENTITIES, Endpoint, Entity, endpoints_of
from pipelines.landing.extract import Reading
from pipelines.landing.load_log import COUNTED_EVERY, ORGANISATION, last_days
from pipelines.storage.tables import ENTITY_LOADS
from pipelines.storage.warehouse import read_table

OPEN_STATUSES: Final = ("DRAFT", "SUBMITTED", "AUTHORISED")
_NEVER: Final = date.min


def plan_load(
    connection: duckdb.DuckDBPyConnection,
    watermarks: Mapping[str, datetime],
    *,
    day: date,
    entities: Iterable[str] = (),
    refresh: Iterable[str] = (),
) -> LoadPlan:
    """The requests of a load: the chosen entities, and those to refresh in full; the usual ones if none is chosen.

    The usual ones are products, sales orders, purchase orders, and every entity that was never loaded. On each `day`
    of the organisation its own record, contacts (an approval must know merged and archived ones) and all open orders
    are read once. Once a week the number of records is compared with Xero's.

    Raises:
        UsageError: a word names no entity.
    """
    chosen, refreshed = _named(entities), _named(refresh)
    loaded = set(read_table(connection, ENTITY_LOADS)["entity"].to_list())
    days = last_days(connection, day=day)
    is_contacts_due = _last(days, CONTACTS, "everything", "changes") < day
    wanted = (chosen | refreshed) or {
        *USUAL_ENTITIES, *(entity for entity in Entity if entity not in loaded), *([Entity.SUPPLIERS] * is_contacts_due)
    }  # fmt: skip
    changes = [
        Reading(endpoint, watermarks.get(endpoint.name) if endpoint.entity in loaded - refreshed else None)
        for endpoint in endpoints_of(wanted)
    ]
    since = [reading.endpoint for reading in changes if not reading.is_full]
    return LoadPlan(
        readings=(*changes, *(reading for endpoint in since for reading in _open_orders(endpoint, days, day))),
        is_organisation_due=days.get((ORGANISATION, "everything"), _NEVER) < day,
        counted=tuple(
            endpoint for endpoint in since if day - _last(days, endpoint, "everything", "count") >= COUNTED_EVERY
        ),
    )


def _open_orders(endpoint: Endpoint, days: Mapping[tuple[str, str], date], day: date) -> list[Reading]:
    """The requests for all open orders, once a day: a changed date does not always change an order's stamp."""
    if endpoint.entity is not Entity.PURCHASE_ORDERS or _last(days, endpoint, "everything", "open_orders") >= day:
        return []
    return [Reading(endpoint, status=status) for status in OPEN_STATUSES]


def _last(days: Mapping[tuple[str, str], date], endpoint: Endpoint, *extents: str) -> date:
    return max(days.get((endpoint.name, extent), _NEVER) for extent in extents)


def _named(words: Iterable[str]) -> set[Entity]:
    found = set()
    for word in words:
        try:
            found.add(Entity(word.replace("-", "_")))
        except ValueError:
            known = ", ".join(entity.value for entity in Entity)
            raise UsageError(f"{word!r} cannot be loaded; choose among {known}.") from None
    return found
