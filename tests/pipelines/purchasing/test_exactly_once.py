"""Whatever breaks, and whoever else acts: each approved order is in Xero at most once, and once in the end.

And the plan counts it once, whenever Xero is loaded. On both stores; `SOAK_SCHEDULES` says how many `make soak` runs.
"""

import copy
import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.settings import read_settings
from pipelines.storage import tables
from pipelines.store.engine import open_store
from stocktrim_assets import sensors
from tests.dbt_project.conftest import Build, artifacts, build, models
from tests.dbt_project.papers import Rows, raw_of
from tests.pipelines.purchasing.bad_days import Loaded, World
from tests.pipelines.purchasing.purchasing_builders import NOON, SUPPLIER, a_supplied_world
from tests.pipelines.purchasing.sending_schedules import A_DAY, KEY, an_instance, run_schedules
from tests.stocktrim_assets.connected import connect_on_paper
from tests.xero_sandbox.sandbox_builders import an_item
from xero_sandbox.app.testing import running_sandbox
from xero_sandbox.behaviour.rate_limits import Limits
from xero_sandbox.core import documents
from xero_sandbox.core.clock import Clock

__all__ = ["artifacts", "build", "models"]  # fixtures

UNLIMITED = Limits(per_minute=10**9, per_day=10**9, app_per_minute=10**9)
SOAK = int(os.environ.get("SOAK_SCHEDULES", "2000"))
LOADS_AT_A_TIME = 400


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "postgres":
        server = request.getfixturevalue("postgres_server")
        yield f"postgresql+psycopg://stocktrim@{server}/postgres"
        return
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/store.sqlite"


@pytest.fixture
def world(store_url: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A store, a Xero, and a sensor that waits no minutes after a run that sent nothing."""
    monkeypatch.setenv("STOCKTRIM_HOME", str(tmp_path))
    monkeypatch.setenv("STOCKTRIM_DATABASE_URL", store_url)
    monkeypatch.setattr(sensors, "_age_seconds", lambda _: A_DAY)
    with a_sandbox() as sandbox, an_instance() as instance:
        monkeypatch.setattr(OpenOrganisation, "now", lambda _: sandbox.clock.now())
        store = open_store(store_url)
        connect_on_paper(read_settings(), KEY)
        held = sandbox.worlds[0]
        yield World(store, sandbox, instance, copy.copy(held.contacts[SUPPLIER]), dict(held.items))
        store.close()


@contextmanager
def a_sandbox():
    with running_sandbox([a_supplied_world()], limits=UNLIMITED, clock=Clock(NOON)) as sandbox:
        yield sandbox


def run(world: World, build: Build, *, schedules: int, steps: int, measured: Callable[[str], None]) -> None:
    assert run_schedules(world, schedules, steps) >= schedules
    for first in range(0, len(world.loads), LOADS_AT_A_TIME):
        check_supply(build, world.loads[first : first + LOADS_AT_A_TIME])
    kind = "PostgreSQL" if is_postgres() else "SQLite"
    measured(
        f"{schedules} schedules on {kind}: each approved order in Xero once, and once in the plan's supply after each "
        f"of {len(world.loads)} loads."
    )


def is_postgres() -> bool:
    return read_settings().database_url.startswith("postgres")


def check_supply(build: Build, loads: list[Loaded]) -> None:
    """The plan's supply after each of many loads, worked out at once: each has products of its own."""
    rows = raw_rows(loads)
    counted: dict[str, Decimal] = defaultdict(Decimal)
    for row in build(rows, "stock_on_order"):
        counted[row["product_code"]] += Decimal(str(row["quantity"])) if row["is_counted"] else 0
    expected = {named(number, code): units for number, load in enumerate(loads) for code, units in load.to_come.items()}
    assert {code: units for code, units in counted.items() if units} == {c: u for c, u in expected.items() if u}


def raw_rows(loads: list[Loaded]) -> Rows:
    """All loads in one organisation: products, ids, numbers and references are made different by the load's number."""
    held = documents.World(organisation=a_supplied_world().organisation)
    ledger: list[dict[str, Any]] = []
    for number, load in enumerate(loads):
        for code in ("TEA-01", "TEA-02", "TEA-03"):
            item = an_item(named(number, code))
            held.items[item.item_id] = item
        for order in copy.deepcopy(load.purchase_orders):
            order.document_id, order.number = named(number, order.document_id), named(number, order.number)
            order.reference = named(number, order.reference)
            for line in order.lines:
                line.item_code = named(number, line.item_code)
            held.purchase_orders[order.document_id] = order
        for row in load.ledger_lines:
            names = ("order_id", "purchase_order_number", "product_code", "reference", "purchase_order_id")
            ledger.append(row | {name: named(number, row[name]) for name in names if row.get(name)})
    rows = raw_of(held)
    rows[tables.LEDGER_ORDER_LINES] = ledger
    rows[tables.ENTITY_LOADS] = [{"entity": "purchase_orders", "loaded_at": NOON}]
    return rows


def named(number: int, name: str) -> str:
    return f"{number}/{name}"


def test_each_approved_order_is_in_xero_once_whatever_breaks(
    world: World, build: Build, measured: Callable[[str], None]
) -> None:
    run(world, build, schedules=5 if is_postgres() else 20, steps=15, measured=measured)


@pytest.mark.soak
def test_each_approved_order_is_in_xero_once_in_thousands_of_schedules(
    world: World, build: Build, measured: Callable[[str], None]
) -> None:
    run(world, build, schedules=SOAK, steps=25, measured=measured)
