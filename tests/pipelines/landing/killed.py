"""A load in a process of its own, to be killed or to wait: what it is given must travel to that process."""

from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.queues import Queue
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pipelines.settings import read_settings
from pipelines.storage.run_locks import organisation_lock
from pipelines.store.engine import open_store
from pipelines.xero.transport import Timeouts
from tests.pipelines.landing.loading import EVERYTHING, AtHand, Loading
from xero_sandbox.core.clock import Clock
from xero_sandbox.core.documents import Organisation, World


@dataclass(frozen=True)
class There:
    """Where the sandbox is, and how far its clock is ahead of this machine's."""

    url: str
    client_id: str
    client_secret: str
    organisation: Organisation
    clock_ahead_seconds: float
    home: Path
    page_size: int

    @classmethod
    def of(cls, acme: Loading) -> "There":
        """The organisation and the sandbox of loads in this process."""
        sandbox = acme.sandbox
        return cls(
            sandbox.url, sandbox.client_id, sandbox.client_secret, acme.world.organisation,
            (sandbox.clock.now() - datetime.now(UTC)).total_seconds(), acme.at_hand.settings.home, acme.page_size,
        )  # fmt: skip


def load_until_killed(there: There, refresh: tuple[str, ...]) -> None:
    """One load of everything; whoever started this process may kill it at any moment."""
    _loading(there).load(*EVERYTHING, refresh=refresh)


def load_in_turn(there: There, name: str, messages: "Queue[tuple[str, str]]") -> None:
    """One load of everything as a run does it, which first waits for the run that has the organisation."""
    acme = _loading(there)
    folder = acme.at_hand.folder
    with organisation_lock(folder, holder=name, waiting=lambda sentence: messages.put((name, sentence))):
        messages.put((name, "loading"))
        acme.load(*EVERYTHING)
        messages.put((name, "loaded"))


def _loading(there: There) -> Loading:
    clock = Clock()
    clock.advance(there.clock_ahead_seconds)
    sandbox: Any = SimpleNamespace(
        url=there.url, client_id=there.client_id, client_secret=there.client_secret,
        worlds=[World(organisation=there.organisation)], clock=clock,
    )  # fmt: skip
    settings = read_settings({"STOCKTRIM_HOME": str(there.home)})
    at_hand = AtHand("acme", settings, open_store(settings.database_url), sandbox=sandbox, timeouts=Timeouts())
    return Loading(at_hand, page_size=there.page_size)
