"""Runs the steps named by its arguments for the demo organisation: one stage of a run, by itself."""

import sys

import dagster as dg

from pipelines.settings import read_settings
from stocktrim_assets.definitions import defs
from stocktrim_assets.home import dagster_instance


def run_steps(steps: list[str]) -> None:
    """Materialize what the steps own, in this process."""
    assets = [asset for asset in defs.assets or () if isinstance(asset, dg.AssetsDefinition)]
    owned = {key for asset in assets if asset.op.name in steps for key in asset.keys}
    with dagster_instance(read_settings()) as instance:
        defs.resolve_job_def("load_and_plan").execute_in_process(
            instance=instance, partition_key="demo", asset_selection=sorted(owned),
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )  # fmt: skip


if __name__ == "__main__":
    run_steps(sys.argv[1:])
