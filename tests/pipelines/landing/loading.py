"""A small organisation in a sandbox, and loads of it without Dagster, dbt or checks: calls, rows, watermarks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import httpx2
import polars as pl

from pipelines.landing.changes import LoadChanges
from pipelines.landing.endpoints import ENDPOINTS, Entity
from pipelines.landing.land import Pass
from pipelines.landing.load import land_load, read_kept_load, read_load
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.settings import Settings, read_settings
from pipelines.storage import tables
from pipelines.storage.warehouse import read_table
from pipelines.store.allowance import StoredAllowance
from pipelines.store.connected_organisations import ConnectedOrganisation
from pipelines.store.engine import Store, open_store
from pipelines.xero.client import XeroClient
from pipelines.xero.transport import Timeouts
from tests.pipelines.landing.truth import Rows, plain, truth
from xero_sandbox.app.testing import RunningSandbox, running_sandbox
from xero_sandbox.core.clock import Clock
from xero_sandbox.core.documents import World

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EVERYTHING = tuple(entity.value for entity in Entity)


@dataclass
class SandboxTokens:
    """Tokens of the sandbox's one app; what they do when they grow old is another room's test."""

    sandbox: RunningSandbox
    renewals: int = 0
    _value: str = ""

    def current(self) -> str:
        return self._value or self.renewed()

    def renewed(self) -> str:
        self.renewals += 1
        answer = httpx2.post(
            f"{self.sandbox.url}/connect/token",
            data={"grant_type": "client_credentials"},
            auth=(self.sandbox.client_id, self.sandbox.client_secret),
            verify=False,  # plain HTTP: no certificates need be read
        )
        self._value = answer.json()["access_token"]
        return self._value

    def lost(self) -> None:
        """Nothing is noted."""


@dataclass(frozen=True)
class AtHand(OpenOrganisation):
    """An organisation whose Xero is a sandbox, by the sandbox's clock."""

    sandbox: RunningSandbox = field(kw_only=True)
    timeouts: Timeouts = field(kw_only=True)
    api_url: str = ""
    ahead: timedelta = timedelta()

    @cached_property
    def record(self) -> ConnectedOrganisation:
        held = self.sandbox.worlds[0].organisation
        return ConnectedOrganisation(
            key=self.key, tenant_id=held.tenant_id, name=held.name, base_currency=held.base_currency,
            time_zone=held.time_zone, is_demo_company=False, api_url=self.sandbox.url, connected_at=MONDAY,
            sign_in_id="none",
        )  # fmt: skip

    @cached_property
    def tokens(self) -> SandboxTokens:
        return SandboxTokens(self.sandbox)

    def now(self) -> datetime:
        return self.sandbox.clock.now() + self.ahead

    def client(self) -> XeroClient:
        return self.xero

    @cached_property
    def xero(self) -> XeroClient:
        return XeroClient(
            api_url=self.api_url or self.sandbox.url, tenant_id=self.record.tenant_id, tokens=self.tokens,
            allowance=StoredAllowance(self.store, self.key), timeouts=self.timeouts,
            sleep=self.sandbox.clock.advance, now=self.sandbox.clock.now,
        )  # fmt: skip


@dataclass
class Loading:
    """Loads of one organisation, and what the sandbox saw of them."""

    at_hand: AtHand
    page_size: int = 1000
    at_once: int = 4
    changes: LoadChanges = field(default_factory=LoadChanges)

    @property
    def sandbox(self) -> RunningSandbox:
        return self.at_hand.sandbox

    @property
    def world(self) -> World:
        return self.sandbox.worlds[0]

    @contextmanager
    def warehouse(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self.at_hand.warehouse() as warehouse:
            yield warehouse

    def load(self, *entities: str, refresh: tuple[str, ...] = ()) -> Pass:
        with self.warehouse() as warehouse:
            kept, read = read_load(
                warehouse, self.at_hand, entities=entities, refresh=refresh, at_once=self.at_once,
                page_size=self.page_size,
            )  # fmt: skip
            self.changes = land_load(warehouse, self.at_hand, kept, read).changes
        return read

    def replay(self, load_id: str) -> Pass:
        with self.warehouse() as warehouse:
            kept, read = read_kept_load(warehouse, self.at_hand, load_id=load_id)
            land_load(warehouse, self.at_hand, kept, read)
        return read

    def rows(self, table: tables.Table) -> pl.DataFrame:
        with self.warehouse() as warehouse:
            return read_table(warehouse, table)

    def raw(self) -> Rows:
        """What was landed of each of Xero's lists, in no order."""
        with self.warehouse() as warehouse:
            return plain(
                {
                    table.name: read_table(warehouse, table).to_dicts()
                    for endpoint in ENDPOINTS
                    for table in (endpoint.table, endpoint.lines)
                    if table is not None
                }
            )

    def truth(self) -> Rows:
        """What Xero holds."""
        return truth(self.sandbox.books(self.at_hand.record.tenant_id))

    def calls(self) -> list[str]:
        """What was asked of the sandbox since the last time this was asked, as `Invoices?page=1...`."""
        entries = self.sandbox.stats()["requests"]
        self.sandbox.sandbox.log.reset()
        return [
            f"{entry['path'].removeprefix('/api.xro/2.0/')}?{entry['query']}"
            for entry in entries
            if entry["path"].startswith("/api.xro/2.0/")
        ]

    def pass_time(self, **amount: float) -> None:
        self.sandbox.clock.advance(timedelta(**amount).total_seconds())


@contextmanager
def loading(
    world: World, home: Path, *, page_size: int = 1000, at_once: int = 4, timeouts: Timeouts | None = None,
    store: Store | None = None, **sandbox_options: Any,
) -> Iterator[Loading]:  # fmt: skip
    """Loads of a world by a clock that stands still unless a test lets time pass."""
    settings: Settings = read_settings({"STOCKTRIM_HOME": str(home)})
    with running_sandbox([world], clock=Clock(MONDAY), **sandbox_options) as sandbox:
        opened = store or open_store(settings.database_url)
        try:
            at_hand = AtHand("acme", settings, opened, sandbox=sandbox, timeouts=timeouts or Timeouts())
            yield Loading(at_hand, page_size=page_size, at_once=at_once)
        finally:
            if store is None:
                opened.close()
