"""A load in a process of its own, to be killed: what it is given must travel to that process."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pipelines.settings import read_settings
from pipelines.store.engine import open_store
from pipelines.xero.transport import Timeouts
from tests.pipelines.landing.loading import EVERYTHING, AtHand, Loading
from xero_sandbox.clock import Clock
from xero_sandbox.documents import Organisation, World


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


def load_until_killed(there: There, refresh: tuple[str, ...]) -> None:
    """One load of everything; whoever started this process may kill it at any moment."""
    clock = Clock()
    clock.advance(there.clock_ahead_seconds)
    sandbox: Any = SimpleNamespace(
        url=there.url, client_id=there.client_id, client_secret=there.client_secret,
        worlds=[World(organisation=there.organisation)], clock=clock,
    )  # fmt: skip
    settings = read_settings({"STOCKTRIM_HOME": str(there.home)})
    at_hand = AtHand("acme", settings, open_store(settings.database_url), sandbox=sandbox, timeouts=Timeouts())
    Loading(at_hand, page_size=there.page_size).load(*EVERYTHING, refresh=refresh)
