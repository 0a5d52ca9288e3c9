"""The end of every run: what people read is swapped for a new snapshot, whole.

Read more in docs/bi.md.
"""

from typing import Any

import dagster as dg

from pipelines.organisation import OpenOrganisation
from pipelines.snapshots import publish, snapshot_name
from pipelines.tables import PUBLISHED
from stocktrim_assets.failures import told_plainly
from stocktrim_assets.partitions import organisations


@dg.asset(
    key=["published", "snapshot"],
    deps=[[table.stage, table.name] for table in PUBLISHED],
    partitions_def=organisations,
    group_name="published",
    kinds={"duckdb", "parquet"},
    owners=["team:data"],
    description="What planners and BI tools read: every published table of this run, swapped in as a whole.",
)
def published_snapshot(
    context: dg.AssetExecutionContext, organisation: dg.ResourceParam[OpenOrganisation]
) -> dg.MaterializeResult[Any]:
    """Publish the tables as they stand at the end of this run."""
    with told_plainly():
        name = snapshot_name(organisation.now(), context.run.run_id)
        rows = publish(organisation.folder, snapshot_id=name, group=organisation.settings.published_group)
    return dg.MaterializeResult(
        metadata={
            "path": dg.MetadataValue.path(str(organisation.folder / "published")),
            **{f"rows/{name}": count for name, count in rows.items()},
        }
    )
