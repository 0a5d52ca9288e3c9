"""Whatever a home is called, its store, warehouse, snapshots and key are inside it."""

import shlex
from contextlib import closing
from pathlib import Path

import pytest

from pipelines.organisations.open_organisation import secrets_of
from pipelines.secret import Secret
from pipelines.settings import SettingsError, read_settings
from pipelines.storage.snapshots import publish, read_published
from pipelines.storage.tables import ORDER_PLAN
from pipelines.storage.warehouse import FILE_NAME, WarehouseError, open_warehouse, quoted
from pipelines.store.engine import StoreError, open_store

NAMES = (
    ["O'Brien", 'the "Firm"', "a blank", " at the ends ", "100%", "50 %zz", "a;b", "'; drop table x; --"],
    [
        "Söhne",
        "line\nbreak",
        "tab\t",
        "[a-z]*",
        "{{ x }}",
        "$HOME",
        "`id`",
        "-rf",
        "~",
        "a:b@c",
        "a,b=c&d",
        "🧀",
        "n\u0303",
    ],
    ["x" * 200],
)
ELSEWHERE = ["what?", "a#b", "a%20b", "100%25", "a\\b", "x?mode=memory"]


@pytest.mark.parametrize("names", NAMES)
def test_everything_of_a_home_is_inside_it_whatever_it_is_called(names: list[str], tmp_path: Path) -> None:
    home = tmp_path.joinpath(*names)
    settings = read_settings({"STOCKTRIM_HOME": str(home)})
    with closing(open_store(settings.database_url)) as store:
        store.examine()
    secrets = secrets_of(settings)
    assert secrets.decrypt(secrets.encrypt(Secret("hunter2"))) == Secret("hunter2")
    folder = settings.organisation_folder("acme")
    with open_warehouse(folder) as connection:
        connection.execute(f"insert into {ORDER_PLAN.path} (product_code) values ('P-1')")
    publish(folder, snapshot_id="20260301T060500-00000000")
    (plan,) = read_published(folder, ORDER_PLAN)
    assert plan["product_code"].to_list() == ["P-1"]
    assert [path.name for path in tmp_path.iterdir()] == names[:1]
    assert sorted(path.name for path in home.iterdir()) == ["organisations", "secret.key", "stocktrim.sqlite"]
    assert sorted(path.name for path in folder.iterdir()) == ["published", "snapshots", FILE_NAME]


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_home_that_a_library_would_look_for_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^STOCKTRIM_HOME is .* would look for it elsewhere\.$"):
        read_settings({"STOCKTRIM_HOME": str(tmp_path / name)})
    assert not list(tmp_path.iterdir())


def test_the_commands_that_restore_can_be_pasted_whatever_the_home_is_called(tmp_path: Path) -> None:
    folder = tmp_path / "O'Brien & Söhne" / "acme"
    folder.mkdir(parents=True)
    for name in (FILE_NAME, "stocktrim.sqlite"):
        (folder / name).write_bytes(b"no database " * 999)
    with pytest.raises(WarehouseError) as warehouse, open_warehouse(folder):
        pass
    with pytest.raises(StoreError) as store:
        open_store(f"sqlite:///{folder / 'stocktrim.sqlite'}")
    for refused, name in ((warehouse, FILE_NAME), (store, "stocktrim.sqlite")):
        command = str(refused.value).split("`")[1].partition(";")[0]
        assert shlex.split(command) == ["mv", str(folder / name), str(folder / f"{name}.damaged")]


def test_a_text_is_quoted_as_sql_writes_it() -> None:
    assert quoted("it's 'so'") == "'it''s ''so'''"
