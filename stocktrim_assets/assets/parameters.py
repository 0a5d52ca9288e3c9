"""Parameters: the settings in force and the lead times that products are planned with, made once for forecast and plan.

Read more in docs/adr/0010-planning-parameters-are-made-once.md.
"""

from collections.abc import Iterator
from typing import Final

import dagster as dg

from pipelines.errors import DataError
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.replenishment.planning_parameters import planning_parameters
from pipelines.storage import tables
from pipelines.storage.whole_plan import PARAMETERS
from stocktrim_assets.assets.stage_run import NOTHING_LOADED, StageResult, stage_run, waiting_stage
from stocktrim_assets.failures import plain_failures
from stocktrim_assets.partitions import organisations
from stocktrim_assets.specs import table_specs

_LEARNED_FROM: Final = (
    tables.PRODUCTS, tables.PLANNING_SETTINGS, tables.PURCHASE_RECEIPTS, tables.STOCK_ON_ORDER, tables.GROUP_MEMBERS,
)  # fmt: skip
_INPUTS: Final = {
    tables.PRODUCT_GROUPS: (tables.PRODUCTS, tables.GROUP_MEMBERS),
    tables.PLAN_SETTINGS: (tables.PRODUCTS, tables.PLANNING_SETTINGS, tables.GROUP_MEMBERS),
    tables.GROUP_CONFLICTS: (tables.PLAN_SETTINGS, tables.PLANNING_SETTINGS, tables.PRODUCT_GROUPS),
    tables.LEAD_TIMES: (
        tables.PRODUCTS, tables.PLAN_SETTINGS, tables.PURCHASE_RECEIPTS, tables.STOCK_ON_ORDER, tables.AS_OF,
    ),
    tables.LEAD_TIME_ESTIMATES: (tables.PRODUCTS, tables.LEAD_TIMES, tables.PURCHASE_RECEIPTS, tables.AS_OF),
    tables.SUPPLIER_CALENDARS: (tables.PLANNING_SETTINGS,),
    tables.PROTECTION_INTERVALS: (
        tables.PRODUCTS, tables.PLAN_SETTINGS, tables.LEAD_TIMES, tables.SUPPLIER_CALENDARS, tables.AS_OF,
    ),
}  # fmt: skip
STAGE: Final = waiting_stage("parameters", "Lead times", PARAMETERS, reads=(*_LEARNED_FROM, tables.AS_OF))


@dg.multi_asset(
    name=STAGE.name,
    description="Settle for every product which settings are in force, how long its orders take and must last.",
    specs=[spec for table, read in _INPUTS.items() for spec in table_specs([table], deps=read)],
    partitions_def=organisations,
)
def parameters(
    context: dg.AssetExecutionContext, organisation: dg.ResourceParam[OpenOrganisation]
) -> Iterator[StageResult]:
    """Make the parameters of every product and let them wait for the plan."""
    with plain_failures(), stage_run(STAGE, context, organisation) as run:
        if not run.is_unchanged:
            frames = [run.read(table) for table in _LEARNED_FROM]
            if frames[0].is_empty():
                raise DataError(NOTHING_LOADED)
            made = planning_parameters(*frames, as_of=run.as_of())
            run.keep({table: getattr(made, table.name) for table in PARAMETERS})
        yield from run.results()
