"""The end of every run: what people read is swapped for a new snapshot, whole.

Read more in docs/bi.md.
"""

from collections.abc import Iterator
from typing import Any, Final

import dagster as dg

from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.storage.snapshots import publish, snapshot_name
from pipelines.storage.tables import PUBLISHED
from stocktrim_assets.failures import plain_failures
from stocktrim_assets.partitions import organisations
from stocktrim_assets.specs import DATA_TEAM, key_of

# One asset for what each kind of run makes, so that no job waits for, or warns of, what another one has yet to make.
SNAPSHOT: Final = dg.AssetKey(["published", "snapshot"])
PLAN_SNAPSHOT: Final = dg.AssetKey(["published", "plan_snapshot"])
BACKTEST_SNAPSHOT: Final = dg.AssetKey(["published", "backtest_snapshot"])
_STAGES: Final = {
    SNAPSHOT: ("marts",),
    PLAN_SNAPSHOT: ("parameters", "forecast", "plan", "purchase_orders"),
    BACKTEST_SNAPSHOT: ("backtest",),
}
_DESCRIPTIONS: Final = {
    SNAPSHOT: "What planners and BI tools read: every published table, swapped in as a whole; here what was loaded.",
    PLAN_SNAPSHOT: "The forecast, the plan and the drafts in what planners and BI tools read.",
    BACKTEST_SNAPSHOT: "The policy's backtest in what planners and BI tools read.",
}


@dg.multi_asset(
    name="published_snapshot",
    description="Publish the tables as they stand at the end of a run, all of them, whatever the run has made.",
    specs=[
        dg.AssetSpec(
            key,
            deps=[key_of(table) for table in PUBLISHED if table.stage in stages],
            description=_DESCRIPTIONS[key],
            group_name="published",
            kinds={"duckdb", "parquet"},
            owners=[DATA_TEAM],
            skippable=True,
        )
        for key, stages in _STAGES.items()
    ],
    can_subset=True,
    partitions_def=organisations,
)
def published_snapshot(
    context: dg.AssetExecutionContext, organisation: dg.ResourceParam[OpenOrganisation]
) -> Iterator[dg.MaterializeResult[Any]]:
    """Publish once, and tell the rows of what the run was to publish."""
    with plain_failures():
        name = snapshot_name(organisation.now(), context.run.run_id)
        rows = publish(organisation.folder, snapshot_id=name, group=organisation.settings.published_group)
    path = dg.MetadataValue.path(str(organisation.folder / "published"))
    for key in sorted(context.selected_asset_keys):
        counts = {f"rows/{table.name}": rows[table.name] for table in PUBLISHED if table.stage in _STAGES[key]}
        yield dg.MaterializeResult(asset_key=key, metadata={"path": path, **counts})
