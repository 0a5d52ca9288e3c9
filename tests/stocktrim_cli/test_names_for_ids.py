"""Whoever reads the terminal sees the names of suppliers and products, never Xero's ids."""

import re
import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.organisations.settings_in_force.organisation_settings import UNKNOWN_SUPPLIER
from pipelines.settings import read_settings
from pipelines.store.engine import open_store
from pipelines.store.setting_ledger.setting_changes import SettingChange, set_settings
from tests.end_to_end.conftest import HOME, KEY, Command

GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
ADDRESS = re.compile(r"\S*/\S+")
COMMANDS = (
    ("settings", "show"),
    ("settings", "show", "--history"),
    ("settings", "show", "--product", "P-0001"),
    ("settings", "accept-lead-times", "--all", "--dry-run"),
    ("explain", "P-0001"),
    ("plan", "show"),
    ("reconcile", "P-0001"),
    ("orders", "list", "--all"),
    ("organisations", "list"),
    ("exceptions", "history"),
    ("doctor", "--all"),
)


@pytest.fixture
def stocktrim(planned_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command in a home after a plan, where people set things for suppliers."""
    stocktrim = Command(Path(shutil.copytree(planned_home, tmp_path / HOME, symlinks=True)), monkeypatch)
    suppliers = stocktrim.published("suppliers").sort("supplier_name")["supplier_name"].to_list()
    of_product = ("preferred_supplier", suppliers[1], "--product", "P-0001")
    for words in (of_product, ("lead_time_days", "9", "--supplier", suppliers[2])):
        assert stocktrim("settings", "set", *words).code == 0
    return stocktrim


def test_no_command_shows_an_id(stocktrim: Command) -> None:
    order = stocktrim("orders", "list", "--all", "--json").json()[0]["purchase_order_number"]
    for words in (*COMMANDS, ("orders", "show", order)):
        result = stocktrim(*words)
        shown = ADDRESS.sub("", result.out + result.err)
        assert shown.strip(), words
        assert "Traceback" not in shown, words
        assert not GUID.findall(shown), (words, shown)


def test_a_setting_of_a_supplier_that_xero_no_longer_has_is_shown_without_an_id_and_can_be_removed(
    stocktrim: Command,
) -> None:
    settings = read_settings()
    gone, at = "00000000-0000-0000-0000-00000000dead", datetime.now(UTC)
    with closing(open_store(settings.database_url)) as store:
        set_settings(store, KEY, [SettingChange("supplier", gone, "lead_time_days", "9", "anna", at, "")])
    shown = stocktrim("settings", "show").out
    assert UNKNOWN_SUPPLIER in shown
    assert not GUID.findall(shown)
    assert stocktrim("settings", "unset", "lead_time_days", "--supplier", UNKNOWN_SUPPLIER).code == 0
    assert UNKNOWN_SUPPLIER not in stocktrim("settings", "show").out
