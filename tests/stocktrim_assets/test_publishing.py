"""What a run publishes: whoever may read what was published before may read it too, from the first moment on."""

import os
import stat
from pathlib import Path

import dagster as dg
import pytest

from pipelines.settings import read_settings
from pipelines.storage.snapshots import published_folder
from stocktrim_assets.assets.published import SNAPSHOT, published_snapshot
from stocktrim_assets.partitions import organisations
from stocktrim_assets.resources import OrganisationOfRun
from tests.stocktrim_assets.connected import connect_on_paper

GROUP = next(iter(os.getgroups()), os.getgid()) if os.geteuid() else 12345


@pytest.mark.parametrize("group", ["", str(GROUP)])
def test_a_run_publishes_for_the_group_of_the_settings_and_for_no_other(
    group: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKTRIM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("STOCKTRIM_PUBLISHED_GROUP", group)
    settings = read_settings()
    connect_on_paper(settings, "acme")
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(str(organisations.name), ["acme"])
        dg.materialize(
            [published_snapshot], selection=dg.AssetSelection.assets(SNAPSHOT), partition_key="acme",
            instance=instance, resources={"organisation": OrganisationOfRun()},
        )  # fmt: skip
    snapshot = published_folder(settings.organisation_folder("acme"))
    modes = {stat.filemode(path.stat().st_mode) for path in snapshot.iterdir()}
    assert modes == ({"-rw-r-----"} if group else {"-rw-------"})
    assert not group or {path.stat().st_gid for path in (snapshot, *snapshot.iterdir())} == {GROUP}
