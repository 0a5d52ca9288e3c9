"""Whatever people edit and whatever breaks while loads run: after a quiet load, `raw` is what Xero holds."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from pipelines.errors import XeroError
from pipelines.storage import warehouse as warehouses
from pipelines.storage.tables import TABLES
from pipelines.store.engine import Store, open_store
from tests.pipelines.landing.changed_records import compared, counted, records_of
from tests.pipelines.landing.edits import Wish, edit_of, faults, wishes
from tests.pipelines.landing.loading import EVERYTHING, AtHand, Loading, loading
from tests.pipelines.landing.truth import differences
from tests.xero_sandbox.sandbox_builders import (
    a_contact,
    a_credit_note,
    a_purchase_order,
    a_world,
    an_invoice,
    an_item,
)  # fmt: skip
from xero_sandbox.behaviour.faults import Fault

SLICE, SOAK = 25, int(os.environ.get("SOAK_SCHEDULES", "1000"))


def a_small_organisation() -> Any:
    orders = [a_purchase_order(f"PO-{n:04}", status=("DRAFT", "AUTHORISED")[n % 2]) for n in range(4)]
    return a_world(
        *(an_invoice(f"INV-{n:04}", status=("DRAFT", "AUTHORISED")[n % 2]) for n in range(9)),
        *orders, *(a_credit_note(f"CN-{n}", status="DRAFT") for n in range(2)),
        *(an_item(f"TEA-{n:02}") for n in range(2, 5)), *(a_contact(f"Customer {n:02}") for n in range(2, 5)),
    )  # fmt: skip


class InMemory(Loading):
    """Loads into a warehouse that lives as long as the schedules: what a crash does is another test's."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.connection = connection

    def warehouse(self) -> Any:
        return _Open(self.connection)


class _Open:
    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def __enter__(self) -> duckdb.DuckDBPyConnection:
        return self.connection

    def __exit__(self, *_: object) -> None:
        return None


class Shared:
    """One sandbox and one store for all schedules; each has a key and a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.stack = ExitStack()
        self.store: Store = open_store(f"sqlite:///{home / 'store.sqlite'}")
        self.loading = self.stack.enter_context(loading(a_small_organisation(), home, store=self.store))
        self.connection = duckdb.connect(":memory:")
        self.connection.execute("set TimeZone = 'UTC'; set threads = 1")
        warehouses._bring_to_shape(self.connection)
        self.schedules = self.loads = self.failed = 0

    def next_organisation(self, at_once: int) -> InMemory:
        """The sandbox as it was at the start, and an organisation that nothing was loaded of."""
        self.schedules += 1
        sandbox, usual = self.loading.sandbox, self.loading.at_hand
        sandbox._ask("POST", "reset")
        sandbox.clock.run()
        sandbox.clock.advance(3 * 3600)
        at_hand = AtHand(f"acme-{self.schedules}", usual.settings, self.store, sandbox=sandbox, timeouts=usual.timeouts)
        at_hand.__dict__["tokens"] = usual.tokens
        for table in (table for table in TABLES if table.stage == "raw"):
            self.connection.execute(f"delete from {table.path}")
        return InMemory(self.connection, at_hand, page_size=4, at_once=at_once)

    def close(self) -> None:
        self.connection.close()
        self.stack.close()
        self.store.close()


DISTURBED: dict[str, Any] = {
    "meanwhile": st.lists(st.tuples(st.integers(0, 14), wishes), max_size=5),
    "broken": st.lists(faults(), max_size=2),
    "entities": st.sampled_from([(), (), EVERYTHING, ("sales_orders",), ("products", "purchase_orders")]),
    "refresh": st.sampled_from([(), (), ("sales_orders",), ("suppliers", "purchase_orders")]),
}


class Schedule(RuleBasedStateMachine):
    """One organisation's life: edits, time, loads that meet edits and faults."""

    shared: ClassVar[Shared]

    @initialize(at_once=st.sampled_from([1, 4]), **DISTURBED)
    def first_load(self, *, at_once: int, **disturbed: Any) -> None:
        self.acme = self.shared.next_organisation(at_once)
        self.load_amid(**disturbed)

    @rule(wishes=st.lists(wishes, min_size=1, max_size=4))
    def people_edit(self, wishes: list[Wish]) -> None:
        self.acme.sandbox.edit(*(edit_of(self.acme.world, wish) for wish in wishes))

    @rule(seconds=st.sampled_from([0.5, 1, 59, 299, 301, 7200, 86_400, 8 * 86_400]))
    def time_passes(self, seconds: float) -> None:
        self.acme.sandbox.clock.advance(seconds)

    @rule(seconds=st.sampled_from([-240, -1, 0, 1, 240]))
    def xeros_clocks_disagree(self, seconds: int) -> None:
        self.acme.sandbox._ask("POST", "clock", {"answer_skew_seconds": seconds})

    @rule(**DISTURBED)
    def load(self, **disturbed: Any) -> None:
        self.load_amid(**disturbed)

    def load_amid(self, *, meanwhile: Any, broken: list[Fault], entities: Any, refresh: Any) -> None:
        edits = [
            Fault(kind="edit", path="/api.xro/", skip=skip, edits=[edit_of(self.acme.world, wish)])
            for skip, wish in meanwhile
        ]
        self.acme.sandbox.fault(*edits, *broken)
        self.shared.loads += 1
        try:
            self.acme.load(*entities, refresh=refresh)
        except XeroError:
            self.shared.failed += 1
        self.acme.sandbox._ask("POST", "faults/reset")

    def teardown(self) -> None:
        self.acme.sandbox._ask("POST", "clock", {"answer_skew_seconds": 0})
        self.acme.sandbox.clock.advance(7200)
        with self.acme.warehouse() as warehouse:
            before = records_of(warehouse)
            read = self.acme.load(*EVERYTHING)
            after = records_of(warehouse)
        assert read.is_quiescent
        assert counted(self.acme.changes) == compared(before, after)
        assert differences(self.acme.raw(), self.acme.truth()) == {}


@pytest.fixture
def quick_home(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: what a disk does is another test's."""
    memory = Path("/dev/shm")  # noqa: S108, a private folder in it
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as home:
        yield Path(home)


def run_schedules(home: Path, count: int, measured: Callable[[str], None]) -> int:
    """The number of schedules of edits and faults after which raw was found equal to Xero's books."""
    shared = Shared(home)
    try:
        run_state_machine_as_test(
            type("Schedule", (Schedule,), {"shared": shared}),
            settings=settings(
                max_examples=count, stateful_step_count=6, deadline=None, database=None,
                suppress_health_check=list(HealthCheck), phases=[Phase.generate],
            ),
        )  # fmt: skip
    finally:
        shared.close()
    counts = f"{shared.schedules} schedules, {shared.loads} loads, of which {shared.failed} failed on the way"
    measured(f"{counts}: nothing is lost.")
    return shared.schedules


def test_nothing_is_lost_by_edits_and_faults(quick_home: Path, measured: Callable[[str], None]) -> None:
    assert run_schedules(quick_home, SLICE, measured) >= SLICE


@pytest.mark.soak
def test_nothing_is_lost_in_a_thousand_schedules(quick_home: Path, measured: Callable[[str], None]) -> None:
    assert run_schedules(quick_home, SOAK, measured) >= SOAK
