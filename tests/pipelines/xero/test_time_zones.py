"""Every time zone that Xero offers has its right hour; an unknown time zone costs a warning, never a load."""

import logging
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from xero_python.accounting.models import TimeZone

from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.settings import read_settings
from pipelines.xero.time_zones import time_zone, time_zone_problem
from xero_sandbox.accounting_api.drafting import today
from xero_sandbox.core.books import Books
from xero_sandbox.core.clock import Clock
from xero_sandbox.worlds.generator import generate_wholesaler

JANUARY = datetime(2026, 1, 15, 11, 30, tzinfo=UTC)
HOURS = {
    "UTC": 0, "UTC+12": 12, "UTC+13": 13, "UTC02": -2, "UTC08": -8, "UTC09": -9, "UTC11": -11,
    "DATELINESTANDARDTIME": -12, "MIDATLANTICSTANDARDTIME": -2, "KAMCHATKASTANDARDTIME": 12,
    "LINEISLANDSSTANDARDTIME": 14, "TONGASTANDARDTIME": 13, "NEWZEALANDSTANDARDTIME": 13, "FIJISTANDARDTIME": 12,
    "CHATHAMISLANDSSTANDARDTIME": 13.75, "NEWFOUNDLANDSTANDARDTIME": -3.5, "INDIASTANDARDTIME": 5.5,
    "CENTRALSTANDARDTIME(MEXICO)": -6, "EASTERNSTANDARDTIME(MEXICO)": -5, "PACIFICSTANDARDTIME(MEXICO)": -8,
    "MOUNTAINSTANDARDTIME(MEXICO)": -7, "GMTSTANDARDTIME": 0, "EAUSTRALIASTANDARDTIME": 10,
}  # fmt: skip


def offered() -> list[str]:
    """The list in Xero's own document, where that is at hand, and the one in its library."""
    document = os.environ.get("XERO_OPENAPI_FILE")
    written = yaml.safe_load(Path(document).read_text()) if document else {"components": {"schemas": {}}}
    names: list[str] = written["components"]["schemas"].get("TimeZone", {"enum": []})["enum"]
    return sorted({*names, *(zone.value for zone in TimeZone)})


@pytest.mark.parametrize("name", offered())
def test_every_time_zone_that_xero_offers_is_known(name: str) -> None:
    assert time_zone_problem(name) is None
    assert (time_zone(name).key in {"UTC", "Etc/UTC"}) == (name == "UTC")


@pytest.mark.parametrize(("name", "hours"), HOURS.items())
def test_a_time_zone_is_so_many_hours_from_utc_as_its_name_says(name: str, hours: float) -> None:
    assert JANUARY.astimezone(time_zone(name)).utcoffset() == timedelta(hours=hours)


def test_the_sandbox_counts_its_days_as_we_do() -> None:
    world = generate_wholesaler(end=date(2026, 1, 14), products=20, months=1)
    books = Books(world, clock=Clock(JANUARY))
    for name in offered():
        world.organisation.time_zone = name
        assert today(books) == JANUARY.astimezone(time_zone(name)).date()


class Placed(OpenOrganisation):
    """An organisation of which nothing matters but its time zone."""

    def now(self) -> datetime:
        return JANUARY


@pytest.mark.parametrize("name", ["MARSSTANDARDTIME", "UTC+99", "", "Pacific/Nowhere", "../../etc/passwd"])
def test_an_unknown_time_zone_is_warned_of_each_time_and_its_days_are_utcs(
    name: str, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    placed = type("There", (Placed,), {"record": SimpleNamespace(time_zone=name)})(
        "acme", read_settings({"STOCKTRIM_HOME": str(tmp_path)}), None
    )
    with caplog.at_level(logging.WARNING, "pipelines"):
        assert [placed.today(), placed.today()] == [date(2026, 1, 15)] * 2
    assert [record.message for record in caplog.records] == [time_zone_problem(name)] * 2
    assert "days are counted in UTC" in caplog.messages[0]
