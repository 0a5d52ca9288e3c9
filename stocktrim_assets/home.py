"""DAGSTER_HOME below our own home, with our dagster.yaml, and the instance that lives there.

What belongs here: preparing the folder and opening the instance, for terminals and servers alike.
What does not: jobs and assets. A dagster.yaml that somebody has changed stays; one that nobody has follows ours.
Read more in docs/operations.md.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import dagster as dg

from pipelines.organisations.open_organisation import DEMO
from pipelines.settings import Settings
from pipelines.store.connected_organisations import list_organisations
from pipelines.store.engine import open_store
from stocktrim_assets.partitions import organisations

CONFIGURATION = Path(__file__).with_name("dagster.yaml")
# the SHA-256 of each dagster.yaml that earlier versions copied to a home
_EARLIER: Final = frozenset(
    {
        "715859b0204c3e8357903e1731da6c11c88ba725d45b7f545eb2ad926a8e9bc0",
        "a5fc757ae37fa697f281bdc19420b0f13d83f82c7edc9e2c19e3182493708aa5",
        "32ebc61f6ab1d6cb4aef70588fcaab02e6e6ad9336c4e472681831b14d52625d",
        "9d76ea4f046a24d638c1d1fed39bf8eb47514f9744889d16826cc68ce6f7f5d0",
        "266288e5deb938a92b354764bb9b259d95cf92ced380caa6feab85c02ab636d9",
        "7f447fe7ec021e7c58bcada29f6de90070506f2a717471e805633058efc61daf",
    }
)


def prepare_dagster_home(settings: Settings) -> Path:
    """Make DAGSTER_HOME with its dagster.yaml, and tell this process and its children where it is."""
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    copy = home / CONFIGURATION.name
    if not copy.exists() or hashlib.sha256(copy.read_bytes()).hexdigest() in _EARLIER:
        shutil.copyfile(CONFIGURATION, copy)
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
