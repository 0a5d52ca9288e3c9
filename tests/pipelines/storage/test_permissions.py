"""A home is its owner's alone, whatever the umask; a group may be let to what is published, and to nothing else."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.organisations.open_organisation import secrets_of
from pipelines.settings import read_settings
from pipelines.storage.permissions import keep_private, open_to_others
from pipelines.storage.snapshots import publish
from pipelines.store.engine import open_store

FIRST, SECOND = "20260301T060500-00000001", "20260302T060500-00000002"
GROUP = next(iter(os.getgroups()), os.getgid()) if os.geteuid() else 12345


@pytest.fixture(autouse=True)
def careless() -> Iterator[None]:
    """A umask that hides nothing, and is as it was afterwards."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home as an older version made it under a careless umask: everybody may read and write."""
    settings = read_settings({"STOCKTRIM_HOME": str(tmp_path / "home")})
    open_store(settings.database_url).close()
    secrets_of(settings)
    folder = settings.organisation_folder("acme")
    (folder / "snapshots" / FIRST).mkdir(parents=True)
    (folder / "snapshots" / FIRST / "products.parquet").touch()
    (folder / "pages" / "20260301T060000Z-abcdef").mkdir(parents=True)
    (folder / "pages" / "20260301T060000Z-abcdef" / "00001-Items.json.zst").touch()
    (settings.dagster_home / "history").mkdir(parents=True)
    (settings.dagster_home / "history" / "runs.db").touch()
    return settings.home


def modes(home: Path) -> dict[str, str]:
    paths = [home, *(path for path in home.rglob("*") if not path.is_symlink())]
    return {str(path.relative_to(home)): stat.filemode(path.lstat().st_mode) for path in paths}


def test_an_existing_home_becomes_its_owners_alone_and_so_does_all_that_is_made_later(home: Path) -> None:
    assert any(mode.endswith("rw-") for mode in modes(home).values())
    keep_private(home)
    publish(home / "organisations" / "acme", snapshot_id=SECOND)
    assert {mode[4:] for mode in modes(home).values()} == {"------"}
    assert {mode[:4] for mode in modes(home).values()} <= {"drwx", "-rw-"}
    assert open_to_others(home) == []


def test_a_group_may_read_what_is_published_and_go_there_and_nothing_else(home: Path) -> None:
    acme = home / "organisations" / "acme"
    keep_private(home, group=GROUP)
    publish(acme, snapshot_id=SECOND, group=GROUP)
    found = modes(home)
    snapshots = {name: mode for name, mode in found.items() if name.startswith("organisations/acme/snapshots/")}
    assert set(snapshots.values()) == {"drwxr-x---", "-rw-r-----"}
    on_the_way = (".", "organisations", "organisations/acme", "organisations/acme/snapshots")
    assert {found[name] for name in on_the_way} == {"drwx--x---"}
    assert {mode[4:] for name, mode in found.items() if name not in {*on_the_way, *snapshots}} == {"------"}
    assert {(home / name).lstat().st_gid for name in (*on_the_way, *snapshots)} == {GROUP}
    assert open_to_others(home, group=GROUP) == []
    assert home / "organisations" in open_to_others(home)
    keep_private(home)
    assert {mode[4:] for mode in modes(home).values()} == {"------"}


def test_what_is_being_written_is_not_yet_the_groups(home: Path) -> None:
    unfinished = home / "organisations" / "acme" / "snapshots" / f"{SECOND}.tmp"
    unfinished.mkdir()
    (unfinished / "products.parquet").touch()
    keep_private(home, group=GROUP)
    assert {modes(home)[str(path.relative_to(home))] for path in (unfinished, *unfinished.iterdir())} == {
        "drwx------", "-rw-------",
    }  # fmt: skip


def test_a_folder_that_holds_other_things_too_keeps_its_mode_and_so_do_they(home: Path) -> None:
    photo = home / "photo.jpg"
    photo.touch(0o644)
    home.chmod(0o755)
    keep_private(home)
    assert (modes(home)["."], modes(home)["photo.jpg"]) == ("drwxr-xr-x", "-rw-r--r--")
    assert modes(home)["organisations/acme"] == "drwx------"


def test_no_link_is_followed_out_of_the_home(home: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(0o755)
    (outside / "file").touch(0o644)
    (home / "organisations" / "elsewhere").symlink_to(outside)
    keep_private(home)
    assert [stat.filemode(path.stat().st_mode) for path in (outside, outside / "file")] == ["drwxr-xr-x", "-rw-r--r--"]


def test_a_group_that_this_machine_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError, match=r"^STOCKTRIM_PUBLISHED_GROUP is 'no-such-group': this machine has no such"):
        read_settings({"STOCKTRIM_PUBLISHED_GROUP": "no-such-group"})
    assert read_settings({"STOCKTRIM_PUBLISHED_GROUP": "root"}).published_group == 0
