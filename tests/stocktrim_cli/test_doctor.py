"""The doctor names the place that is not right."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.errors import DataError
from pipelines.settings import read_settings
from stocktrim_cli import doctor

NOBODY = 65534


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, for pytest's own are private."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def as_nobody(check: object, home: Path) -> str:
    """What a check says to a user who owns nothing; root may write everywhere."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setuid(NOBODY)
            said = check(read_settings({"STOCKTRIM_HOME": str(home)}), "demo")  # type: ignore[operator]
        except DataError as trouble:
            said = str(trouble)
        os.write(writing, json.dumps(said).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as told:
        return str(json.load(told))


def test_fault_70_a_home_that_is_read_only_is_named(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    assert f"{open_folder} cannot be written" in as_nobody(doctor._home, open_folder / "home")


def test_fault_70_an_organisations_file_of_another_owner_is_named(open_folder: Path) -> None:
    folder = open_folder / "organisations" / "demo"
    folder.mkdir(parents=True)
    warehouse = folder / "warehouse.duckdb"
    warehouse.touch(mode=0o600)
    for path in (folder, folder.parent):
        path.chmod(0o777)
    warehouse.chmod(0o400)
    assert f"{warehouse} cannot be written" in as_nobody(doctor._folder, open_folder)


MOUNTS = """disk / ext4 rw 0 0
server:/srv /srv nfs4 rw 0 0
//server/office /mnt/the\\040office cifs rw 0 0
disk2 /srv/local ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("home", "kind"),
    [("/srv/stocktrim", "nfs4"), ("/mnt/the office/stocktrim", "cifs"), ("/srv/local/x", ""), ("/home/stocktrim", "")],
)
def test_fault_75_a_home_on_a_network_drive_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str, kind: str
) -> None:
    (tmp_path / "mounts").write_text(MOUNTS)
    monkeypatch.setattr(doctor, "_MOUNTS", tmp_path / "mounts")
    assert doctor._network_drive(Path(home)) == kind


def test_fault_75_the_doctor_knows_what_this_machines_home_is_on(tmp_path: Path) -> None:
    settings = read_settings({"STOCKTRIM_HOME": str(tmp_path / "home")})
    assert doctor._home(settings, "demo") == str(tmp_path / "home")


def test_fault_73_a_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    settings = read_settings({"STOCKTRIM_HOME": str(tmp_path)})
    folder = settings.organisation_folder("demo")
    folder.mkdir(parents=True)
    (folder / "published").symlink_to("snapshots/gone")
    with pytest.raises(DataError, match="published leads nowhere: run `stocktrim load"):
        doctor._folder(settings, "demo")
