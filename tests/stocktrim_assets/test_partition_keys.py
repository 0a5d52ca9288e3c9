"""No key of a partition leads out of the home, whoever typed it into Dagster's pages."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.organisation_key import OrganisationError
from pipelines.settings import read_settings
from pipelines.storage.run_locks import organisation_lock
from stocktrim_assets.home import dagster_instance
from stocktrim_assets.partitions import organisations
from stocktrim_assets.resources import OrganisationOfRun
from stocktrim_cli.main import main
from tests.stocktrim_assets.connected import connect_on_paper

NO_KEYS = (
    "../../../escaped", "..", ".", "a/b", "/acme", "a\0b", "a b", " acme", "acme\n", "Acme", "straße", "a" * 300,
    "-o", "nul", "com1", "a'b", "~root",
)  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home, deep enough that a way out of it ends beside it."""
    home = tmp_path / "some" / "where" / "home"
    monkeypatch.setenv("STOCKTRIM_HOME", str(home))
    monkeypatch.setenv("DAGSTER_HOME", "given back at the end")
    return home


@dg.asset(partitions_def=organisations)
def opened(organisation: dg.ResourceParam[object]) -> None:
    """Opens the organisation, as every asset does."""


def run_of(key: str) -> tuple[dg.ExecuteInProcessResult | None, str]:
    """A run of a partition as Dagster's pages start it, and what it fails with."""
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(str(organisations.name), [key])
        try:
            ended = dg.materialize(
                [opened], partition_key=key, instance=instance, resources={"organisation": OrganisationOfRun()},
            )  # fmt: skip
        except dg.DagsterResourceFunctionError as trouble:
            return None, str(trouble.__cause__)
    return ended, ""


@pytest.mark.parametrize("key", NO_KEYS)
def test_fault_112_a_partition_that_can_be_no_organisation_is_refused_and_makes_nothing(
    key: str, tmp_path: Path
) -> None:
    _, sentence = run_of(key)
    assert "cannot be an organisation's key: use up to 40 lower-case letters" in sentence
    assert sentence.count(". ") == 0
    assert list(tmp_path.iterdir()) == []


def test_a_partition_that_nobody_connected_is_refused_and_gets_no_folder(home: Path) -> None:
    _, sentence = run_of("nobody")
    assert "No organisation is connected as 'nobody'" in sentence
    assert not (home / "organisations").exists()


def test_a_run_without_a_partition_is_refused() -> None:
    _, sentence = run_of("")
    assert "choose one as its partition" in sentence


def test_a_folder_that_is_a_link_is_refused(home: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (home / "organisations").mkdir(parents=True)
    (home / "organisations" / "acme").symlink_to(tmp_path / "elsewhere")
    _, sentence = run_of("acme")
    assert "acme is a link" in sentence
    assert list((tmp_path / "elsewhere").iterdir()) == []


@given(key=st.text())
def test_whatever_is_typed_the_folder_is_in_the_home(key: str) -> None:
    settings = read_settings({"STOCKTRIM_HOME": "/a/home"})
    try:
        folder = settings.organisation_folder(key)
    except OrganisationError:
        return
    assert folder.parent == Path("/a/home/organisations")
    assert folder.name == key


@pytest.mark.parametrize("verb", ["load", "plan", "explain", "reconcile", "backtest"])
def test_every_command_refuses_such_a_key(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    product = ["P-1"] if verb in {"explain", "reconcile"} else []
    monkeypatch.setattr("sys.argv", ["stocktrim", verb, *product, "--organisation", "../../../escaped"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "cannot be an organisation's key" in " ".join(capsys.readouterr().err.split())
    assert list(tmp_path.iterdir()) == []


def partitions() -> list[str]:
    with dagster_instance(read_settings()) as instance:
        return list(instance.get_dynamic_partitions(str(organisations.name)))


def test_a_home_has_partitions_of_what_was_connected_and_no_demo_before_that_was_made() -> None:
    assert partitions() == []
    with dagster_instance(read_settings()) as instance:
        instance.add_dynamic_partitions(str(organisations.name), ["demo"])  # as earlier versions did
    assert partitions() == []
    connect_on_paper(read_settings(), "acme")
    assert partitions() == ["acme"]
    connect_on_paper(read_settings(), "demo")
    assert sorted(partitions()) == ["acme", "demo"]


def test_a_run_at_a_terminal_says_there_whom_it_waits_for(caplog: pytest.LogCaptureFixture) -> None:
    """The command shows what the steps log, which Dagster's own log is not."""
    connect_on_paper(read_settings(), "acme")
    with (
        ThreadPoolExecutor() as pool,
        organisation_lock(read_settings().organisation_folder("acme"), holder="the run 1", waiting=pytest.fail),
        caplog.at_level("INFO", "pipelines"),
    ):
        second = pool.submit(run_of, "acme")
        while not any(record.name == "pipelines.storage.run_locks" for record in caplog.records):
            assert not second.done()
            time.sleep(0.05)
    ended, _ = second.result()
    assert ended is not None
    assert ended.success
    (said,) = [record.getMessage() for record in caplog.records if record.name == "pipelines.storage.run_locks"]
    assert said.startswith("Waiting for the run 1 (process ")
