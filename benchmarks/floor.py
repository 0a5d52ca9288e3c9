"""The floor below every job: what Dagster and dbt take for as many assets and models that do nothing.

    python -m benchmarks.floor prepare FOLDER
    python -m benchmarks.floor run FOLDER

It imports the libraries that a job must import, opens Dagster's instance in FOLDER and runs a job with an empty asset
for each step and each mart of ours; and dbt builds as many models as ours, of a line each.
"""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import dagster as dg

PROJECT: Final = """
name: nothing
profile: nothing
flags: {send_anonymous_usage_stats: false}
models: {+materialized: table}
"""
PROFILE: Final = """
nothing:
  target: only
  outputs:
    only: {type: duckdb, path: "nothing.duckdb"}
"""
MODEL: Final = "select 1 as nothing\n"
SIZE: Final = "size.json"
LIBRARIES: Final = (
    "alembic",
    "dagster_dbt",
    "duckdb",
    "great_expectations",
    "polars",
    "sklearn.ensemble",
    "sqlalchemy",
)


def prepare(folder: Path) -> None:
    """Write a dbt project of as many empty models as ours has, Dagster's configuration, and the number of our steps."""
    from stocktrim_assets.home import CONFIGURATION  # noqa: PLC0415, its import is no part of the floor

    size = _size_of_ours()
    (folder / SIZE).write_text(json.dumps(size))
    (folder / "models").mkdir()
    (folder / "dbt_project.yml").write_text(PROJECT)
    (folder / "profiles.yml").write_text(PROFILE)
    for number in range(size["models"]):
        (folder / "models" / f"model_{number}.sql").write_text(MODEL)
    (folder / CONFIGURATION.name).write_bytes(CONFIGURATION.read_bytes())


def _size_of_ours() -> dict[str, int]:
    """How many models dbt builds, how many of them are assets, and how many other steps `load_and_plan` has."""
    from stocktrim_assets.assets.marts import warehouse_models  # noqa: PLC0415, its import is no part of the floor
    from stocktrim_assets.dbt.dbt_project import manifest  # noqa: PLC0415, as above
    from stocktrim_assets.definitions import defs  # noqa: PLC0415, as above

    models = sum(node["resource_type"] == "model" for node in manifest()["nodes"].values())
    steps = len(defs.resolve_job_def("load_and_plan").graph.node_defs) - 1
    return {"models": models, "assets": len(list(warehouse_models.keys)), "steps": steps}


def main() -> None:
    """Prepare the folder, or run the empty job in it."""
    {"prepare": prepare, "run": run}[sys.argv[1]](Path(sys.argv[2]))


def run(folder: Path) -> None:
    """Run the empty job in a folder that `prepare` has made."""
    for library in LIBRARIES:
        importlib.import_module(library)
    os.environ["DAGSTER_HOME"] = str(folder)
    size = json.loads((folder / SIZE).read_text())
    assets = [_models(folder, size["assets"]), *(_step(f"step_{number}") for number in range(size["steps"]))]
    job = dg.define_asset_job("nothing", executor_def=dg.in_process_executor)
    with dg.DagsterInstance.get() as instance:
        resolved = dg.Definitions(assets=assets, jobs=[job]).resolve_job_def("nothing")
        resolved.execute_in_process(
            instance=instance, run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        )


def _models(folder: Path, assets: int) -> dg.AssetsDefinition:
    """A step that lets dbt build all models, and tells Dagster of so many of them."""
    keys = [f"model_{number}" for number in range(assets)]

    @dg.multi_asset(specs=[dg.AssetSpec(key) for key in keys])
    def models_of_dbt() -> Iterator[dg.MaterializeResult[None]]:
        dbt = [
            str(Path(sys.executable).with_name("dbt")),
            "--quiet",
            "build",
            "--project-dir",
            ".",
            "--profiles-dir",
            ".",
        ]
        subprocess.run(dbt, cwd=folder, check=True)  # noqa: S603, our own
        for key in keys:
            yield dg.MaterializeResult(asset_key=key)

    return models_of_dbt


def _step(name: str) -> dg.AssetsDefinition:
    @dg.asset(name=name)
    def step() -> None:
        pass

    return step


if __name__ == "__main__":
    main()
