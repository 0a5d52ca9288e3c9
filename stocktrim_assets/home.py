"""DAGSTER_HOME below our own home, with our dagster.yaml, and the instance that lives there.

What belongs here: preparing the folder and opening the instance, for terminals and servers alike.
What does not: jobs and assets. A dagster.yaml that is there already is somebody's own and stays.
Read more in docs/operations.md.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import dagster as dg

from pipelines.organisations.open_organisation import DEMO
from pipelines.settings import Settings
from pipelines.store.connected_organisations import list_organisations
from pipelines.store.engine import open_store
from stocktrim_assets.partitions import organisations

CONFIGURATION = Path(__file__).with_name("dagster.yaml")


def prepare_dagster_home(settings: Settings) -> Path:
    """Make DAGSTER_HOME with its dagster.yaml, and tell this process and its children where it is."""
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    if not (home / CONFIGURATION.name).exists():
        shutil.copyfile(CONFIGURATION, home / CONFIGURATION.name)
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ["STOCKTRIM_HOME"] = str(settings.home)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    return home


@contextmanager
def dagster_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The instance of this home, with a partition for each connected organisation."""
    prepare_dagster_home(settings)
    with dg.DagsterInstance.get() as instance:
        _add_partitions(instance, settings)
        yield instance


def _add_partitions(instance: dg.DagsterInstance, settings: Settings) -> None:
    """Add what is missing; take away the partition `demo` that earlier versions gave to a home without a demo."""
    name = str(organisations.name)
    with closing(open_store(settings.database_url)) as store:
        known = {organisation.key for organisation in list_organisations(store)}
    there = set(instance.get_dynamic_partitions(name))
    if missing := sorted(known - there):
        instance.add_dynamic_partitions(name, missing)
    if DEMO in there - known:
        instance.delete_dynamic_partition(name, DEMO)
