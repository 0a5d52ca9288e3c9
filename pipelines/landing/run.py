"""One load from its first call to its last row, for one organisation.

What belongs here: the order of the steps, and what makes a load durable. What does not: the steps themselves.
Watermarks move, and the kept bytes are called landed, only once the rows are on the disk: a load that is stopped
anywhere is begun again by the next one, which goes on after the last page that was kept.
Read more in docs/loading.md.
"""

from collections.abc import Iterable

import duckdb

from pipelines.errors import UsageError
from pipelines.landing.extract import PAGE_SIZE
from pipelines.landing.kept import KeptLoad, begin_load, kept_loads, prune
from pipelines.landing.land import Pass, land, read_pass, replay_pass
from pipelines.landing.load import plan_load
from pipelines.organisation import OpenOrganisation
from pipelines.tables import Table
from pipelines.xero.pace import CALLS_AT_ONCE


def read_load(
    warehouse: duckdb.DuckDBPyConnection,
    organisation: OpenOrganisation,
    *,
    entities: Iterable[str] = (),
    refresh: Iterable[str] = (),
    at_once: int = CALLS_AT_ONCE,
    page_size: int = PAGE_SIZE,
) -> tuple[KeptLoad, Pass]:
    """Read from Xero what is due, hold it aside, keep its bytes.

    Raises:
        XeroError: Xero could not be read; what came is kept, and the next load goes on with it.
    """
    day = organisation.today()
    plan = plan_load(warehouse, organisation.watermarks(), day=day, entities=entities, refresh=refresh)
    kept = begin_load(organisation.folder, at=organisation.now())
    read = read_pass(warehouse, organisation.client(), kept, plan, day=day, at_once=at_once, page_size=page_size)
    return kept, read


def read_kept_load(
    warehouse: duckdb.DuckDBPyConnection, organisation: OpenOrganisation, *, load_id: str
) -> tuple[KeptLoad, Pass]:
    """Hold aside what `raw` was after a load, from the bytes that were kept; Xero is not asked.

    Raises:
        UsageError: no such load is kept.
    """
    landed = [load for load in kept_loads(organisation.folder) if load.is_landed]
    known = [load.load_id for load in landed]
    if load_id not in known:
        raise UsageError(
            f"No load {load_id!r} is kept; the latest are: {', '.join(known[:-6:-1]) or 'none'}. "
            f"The table raw.loads lists all."
        )
    loads = landed[: known.index(load_id) + 1]
    return loads[-1], replay_pass(warehouse, loads, day=organisation.today())


def land_load(
    warehouse: duckdb.DuckDBPyConnection, organisation: OpenOrganisation, kept: KeptLoad, read: Pass
) -> dict[Table, int]:
    """Land what was read, then move the watermarks; the number of rows of each table."""
    rows = land(warehouse, read)
    if read.organisation is not None:
        found = read.organisation.to_dicts()[0]
        organisation.follow_xero(found["name"], found["time_zone"])
    organisation.advance_watermarks(read.next_watermarks)
    kept.mark_landed()
    prune(organisation.folder, at=organisation.now())
    return rows
