"""The load of an organisation, from its first call to its last row.

What belongs here: the order of the steps, and what makes a load durable. What does not: the steps themselves.
Watermarks move, and the stored answers count as landed, only once the rows are on the disk. The next load continues an
interrupted load after its last stored page.
Read more in docs/loading.md.
"""

import logging
from collections.abc import Iterable

import duckdb

from pipelines.call_limits import CALLS_AT_ONCE
from pipelines.errors import UsageError
from pipelines.landing.endpoints import ENDPOINTS
from pipelines.landing.extract import PAGE_SIZE
from pipelines.landing.identity_notes import note_identities
from pipelines.landing.land import Landed, Pass, land, note_refused, read_pass, replay_pass
from pipelines.landing.load_plan import plan_load
from pipelines.landing.page_archive import KEPT_FOR, KeptLoad, answers_behind, begin_load, kept_loads, prune
from pipelines.landing.past_loads import summary_of
from pipelines.organisations.open_organisation import OpenOrganisation, connected_organisations

log = logging.getLogger(__name__)


def read_load(
    warehouse: duckdb.DuckDBPyConnection,
    organisation: OpenOrganisation,
    *,
    entities: Iterable[str] = (),
    refresh: Iterable[str] = (),
    at_once: int = CALLS_AT_ONCE,
    page_size: int = PAGE_SIZE,
) -> tuple[KeptLoad, Pass]:
    """A new load: what is due is read from Xero, held aside, and its answers stored.

    Raises:
        XeroError: Xero could not be read; the answers so far are stored, and the next load continues.
    """
    day = organisation.today()
    plan = plan_load(warehouse, organisation.watermarks(), day=day, entities=entities, refresh=refresh)
    kept = begin_load(organisation.folder, at=organisation.now())
    read = read_pass(warehouse, organisation.client(), kept, plan, day=day, at_once=at_once, page_size=page_size)
    return kept, read


def read_kept_load(
    warehouse: duckdb.DuckDBPyConnection, organisation: OpenOrganisation, *, load_id: str
) -> tuple[KeptLoad, Pass]:
    """A former load, held aside again from its stored answers, without any call.

    Raises:
        UsageError: no such load is stored, or no list can be restored from it.
        DataError: a stored answer is damaged.
    """
    landed = [load for load in kept_loads(organisation.folder) if load.is_landed]
    loads = [load for load in landed if load.load_id <= load_id]
    if not loads or loads[-1].load_id != load_id:
        raise UsageError(_why_not(organisation, load_id, [load.load_id for load in landed]))
    kept = [endpoint.name for endpoint in ENDPOINTS if any(answers_behind(loads, endpoint.name))]
    if not kept:
        raise UsageError(
            f"The load {load_id} cannot be replayed: it brought changes only, and no stored load before it holds the "
            f"whole of a list. Answers are kept for {KEPT_FOR.days} days; import everything again with `stocktrim "
            f"load --refresh`."
        )
    if left := [endpoint.name for endpoint in ENDPOINTS if endpoint.name not in kept]:
        log.info("Left unchanged, since no load has stored the whole of them: %s.", ", ".join(left))
    return loads[-1], replay_pass(warehouse, loads, day=organisation.today())


def _why_not(organisation: OpenOrganisation, load_id: str, landed: list[str]) -> str:
    """Why a load cannot be replayed: it does not exist, did not end, or belongs to another organisation."""
    known = f"the latest are: {', '.join(landed[:-6:-1]) or 'none'}. The table raw.loads lists all."
    for load in kept_loads(organisation.folder):
        if load.load_id == load_id:
            why = "was refused by a check" if load.is_refused else "did not end, and the next load continues it"
            return f"The load {load_id} {why}, so it cannot be replayed; {known}"
    for owner in connected_organisations(organisation.settings):
        folder = organisation.settings.organisation_folder(owner.key)
        if any(load.load_id == load_id for load in kept_loads(folder)):
            return f"The load {load_id} belongs to the organisation {owner.key!r}, not to {organisation.key!r}; {known}"
    return f"No load {load_id!r} is kept; {known}"


def land_load(
    warehouse: duckdb.DuckDBPyConnection, organisation: OpenOrganisation, kept: KeptLoad, read: Pass
) -> Landed:
    """Land a load, then move the watermarks."""
    landed = land(warehouse, read)
    if read.organisation is not None:
        found = read.organisation.to_dicts()[0]
        organisation.follow_xero(found["name"], found["time_zone"])
    organisation.advance_watermarks(read.next_watermarks)
    kept.mark_landed(summary_of(read.loads, landed.changes))
    note_identities(warehouse, organisation)
    prune(organisation.folder, at=organisation.now())
    return landed


def refuse_load(warehouse: duckdb.DuckDBPyConnection, kept: KeptLoad, read: Pass, *, why: str) -> None:
    """Land nothing of a load; store only the records for which it was refused, and why."""
    note_refused(warehouse, read)
    kept.mark_refused(why)
