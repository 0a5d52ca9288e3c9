"""DAGSTER_HOME below our own home, with our dagster.yaml, and the instance that lives there.

What belongs here: preparing the folder and opening the instance, for terminals and servers alike.
What does not: jobs and assets. A dagster.yaml that is there already is somebody's own and stays.
Read more in docs/operations.md.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from pipelines.settings import Settings
from stocktrim_assets.partitions import DEMO, organisations

CONFIGURATION = Path(__file__).with_name("dagster.yaml")


def prepare_dagster_home(settings: Settings) -> Path:
    """Make DAGSTER_HOME with its dagster.yaml, and tell this process and its children where it is."""
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    if not (home / CONFIGURATION.name).exists():
        shutil.copy(CONFIGURATION, home / CONFIGURATION.name)
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ["STOCKTRIM_HOME"] = str(settings.home)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    return home


@contextmanager
def dagster_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The instance of this home, with the partition `demo` in it."""
    prepare_dagster_home(settings)
    with dg.DagsterInstance.get() as instance:
        if not instance.has_dynamic_partition(str(organisations.name), DEMO):
            instance.add_dynamic_partitions(str(organisations.name), [DEMO])
        yield instance
