"""The end of every run: what people read is swapped for a new snapshot, whole.

Read more in docs/bi.md.
"""

from collections.abc import Iterator
from typing import Final

import dagster as dg

from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.storage.snapshots import publish, published_fingerprint, snapshot_name
from pipelines.storage.tables import PUBLISHED, Table
from stocktrim_assets import listed_orders
from stocktrim_assets.assets.purchase_orders import SENT_ORDERS
from stocktrim_assets.assets.stage_run import Stage, StageResult, stage_run
from stocktrim_assets.failures import plain_failures
from stocktrim_assets.partitions import organisations
from stocktrim_assets.specs import DATA_TEAM, PURCHASING_TEAM, key_of, table_specs

# One asset for what each kind of run makes, so that no job waits for, or warns of, what another one has yet to make.
SNAPSHOT: Final = dg.AssetKey(["published", "snapshot"])
PLAN_SNAPSHOT: Final = dg.AssetKey(["published", "plan_snapshot"])
ORDERS_SNAPSHOT: Final = dg.AssetKey(["published", "orders_snapshot"])
BACKTEST_SNAPSHOT: Final = dg.AssetKey(["published", "backtest_snapshot"])


def _of_stages(*stages: str) -> tuple[Table, ...]:
    """The published tables of these stages, without those that every run makes anew."""
    return tuple(table for table in PUBLISHED if table.stage in stages and table not in listed_orders.STAGE.makes)


_TABLES: Final = {
    SNAPSHOT: _of_stages("marts"),
    PLAN_SNAPSHOT: _of_stages("parameters", "forecast", "plan", "purchase_orders"),
    ORDERS_SNAPSHOT: listed_orders.STAGE.makes,
    BACKTEST_SNAPSHOT: _of_stages("backtest"),
}
_DESCRIPTIONS: Final = {
    SNAPSHOT: "What planners and BI tools read: every published table, swapped in as a whole; here what was loaded.",
    PLAN_SNAPSHOT: "The forecast, the plan and the drafts in what planners and BI tools read.",
    ORDERS_SNAPSHOT: "The orders of any state and what happened to them, in what planners and BI tools read.",
    BACKTEST_SNAPSHOT: "The policy's backtest in what planners and BI tools read.",
}
STAGE: Final = Stage(
    "published_snapshot", "Published tables", reads=PUBLISHED, makes=(), keep=lambda *_: None,
    files=lambda folder: {"published": published_fingerprint(folder)},
)  # fmt: skip


@dg.multi_asset(
    name=STAGE.name,
    description="Publish the tables as they stand at the end of a run, all of them, whatever the run has made.",
    specs=[
        *table_specs(listed_orders.STAGE.makes, deps=listed_orders.STAGE.reads, owner=PURCHASING_TEAM),
        *(
            dg.AssetSpec(
                key,
                deps=[key_of(table) for table in published] + ([SENT_ORDERS] if key == ORDERS_SNAPSHOT else []),
                description=_DESCRIPTIONS[key],
                group_name="published",
                kinds={"duckdb", "parquet"},
                owners=[DATA_TEAM],
                skippable=True,
            )
            for key, published in _TABLES.items()
        ),
    ],
    can_subset=True,
    partitions_def=organisations,
)
def published_snapshot(
    context: dg.AssetExecutionContext, organisation: dg.ResourceParam[OpenOrganisation]
) -> Iterator[StageResult]:
    """List the orders, publish once, and report the rows of what the run was to publish."""
    folder, group = organisation.folder, organisation.settings.published_group
    with plain_failures():
        listed = list(listed_orders.list_orders(context, organisation))
    yield from (result for result in listed if result.asset_key in context.selected_asset_keys)
    with plain_failures(), stage_run(STAGE, context, organisation) as run:
        run.depends_on(group=group)
        if not run.is_unchanged:
            publish(folder, snapshot_id=snapshot_name(run.now, context.run.run_id), group=group)
            run.keep({})
        yield from run.results()
        for key in sorted(context.selected_asset_keys & _TABLES.keys()):
            counts = {f"rows/{table.name}": run.rows(table) for table in _TABLES[key]}
            path = dg.MetadataValue.path(str(folder / "published"))
            yield dg.MaterializeResult(asset_key=key, metadata={"path": path, **counts, **run.story})
