"""A load that is killed at any moment loses nothing and doubles nothing, and the next one knows from when to ask."""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.landing.extract import OVERLAP
from pipelines.store.watermarks import watermarks
from tests.pipelines.landing.edits import EDITS, edit_of
from tests.pipelines.landing.killed import There, load_until_killed
from tests.pipelines.landing.loading import EVERYTHING, Loading, loading
from tests.pipelines.landing.test_nothing_is_lost import a_small_organisation
from xero_sandbox.behaviour.faults import Fault

SLICE, SOAK = 5, int(os.environ.get("SOAK_KILLS", "200"))
PAGE_SIZE = 3
REFRESHES = ((), (), ("sales_orders",), ("purchase_orders", "suppliers"))


class Killer:
    """Starts loads in processes of their own and kills them; keeps what a load takes that is left alone."""

    def __init__(self, acme: Loading, chance: random.Random) -> None:
        self.acme, self.chance = acme, chance
        self.start = multiprocessing.get_context("forkserver")
        self.start.set_forkserver_preload([load_until_killed.__module__])
        self.kills = 0
        self.longest = self._run(after=None)

    def kill_one(self) -> None:
        """Kill a load at a moment drawn from its whole length."""
        self._run(after=self.chance.uniform(0, self.longest))

    def _run(self, *, after: float | None) -> float:
        process = self.start.Process(
            target=load_until_killed, args=(There.of(self.acme), self.chance.choice(REFRESHES))
        )
        began = time.monotonic()
        process.start()
        process.join(timeout=60 if after is None else after)
        if process.is_alive():
            process.kill()
        process.join()
        assert process.exitcode in {0, -signal.SIGKILL}
        self.kills += process.exitcode == -signal.SIGKILL
        return time.monotonic() - began


def kill_loads(home: Path, kills: int, measured: Callable[[str], None]) -> None:
    chance = random.Random(kills)  # noqa: S311, no secret
    with loading(a_small_organisation(), home, page_size=PAGE_SIZE) as acme:
        acme.sandbox.clock.run()
        acme.sandbox.fault(Fault(kind="latency", path="/api.xro/", seconds=0.01, times=0))
        killer = Killer(acme, chance)
        while killer.kills < kills:
            for _ in range(chance.randint(1, 3)):
                wish = (chance.choice(list(EDITS)), chance.randint(0, 10_000), "edited")
                acme.sandbox.edit(edit_of(acme.world, wish))
                acme.pass_time(minutes=chance.choice([2, 2, 10]))
                killer.kill_one()
            acme.pass_time(minutes=2)
            assert_all_is_right(acme)
    measured(f"{killer.kills} loads killed: nothing lost, nothing doubled, watermarks right.")


def assert_all_is_right(acme: Loading) -> None:
    read = acme.load(*EVERYTHING)
    assert acme.raw() == acme.truth()
    marks = watermarks(acme.at_hand.store, "acme")
    assert marks == read.next_watermarks
    began = {
        list_read.reading.endpoint.name: list_read.started_at
        for list_read in reversed(read.lists)
        if list_read.reading.status is None
    }
    assert all(marks[name] <= at - OVERLAP for name, at in began.items())


def test_a_load_that_is_killed_loses_nothing(tmp_path: Path, measured: Callable[[str], None]) -> None:
    kill_loads(tmp_path, SLICE, measured)


@pytest.mark.soak
def test_two_hundred_killed_loads_lose_nothing(tmp_path: Path, measured: Callable[[str], None]) -> None:
    kill_loads(tmp_path, SOAK, measured)
