"""An open organisation: its folder, its record, its ledger, its warehouse, its Xero.

What belongs here: joining settings, store and Xero for one organisation, for terminals and Dagster alike.
What does not: what a single room can do.
Read more in docs/adr/0001-organisations-are-partitions.md.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipelines.planning_settings.freshness import is_stale
from pipelines.planning_settings.registry import global_settings, with_defaults
from pipelines.purchasing.current_names import waits_as_renamed
from pipelines.purchasing.orders import Order
from pipelines.settings import Settings
from pipelines.storage.warehouse import open_warehouse
from pipelines.store.allowance import StoredAllowance
from pipelines.store.connected_organisations import (
    ConnectedOrganisation,
    get_organisation,
    list_organisations,
    need_sign_in,
    rename_organisation,
    repoint_organisation,
)
from pipelines.store.engine import Store, open_store
from pipelines.store.identity_history import identities_of
from pipelines.store.order_ledger import OrderLedger
from pipelines.store.secrets import Secrets, open_secrets
from pipelines.store.setting_ledger.setting_changes import explicit_settings
from pipelines.store.sign_ins import SignIn, locked_tokens, sign_in_of
from pipelines.store.watermarks import advance_watermarks, watermarks
from pipelines.xero.time_zones import time_zone, time_zone_problem

if TYPE_CHECKING:
    import duckdb

    from pipelines.xero.client import XeroClient

log = logging.getLogger(__name__)

DEMO: Final = "demo"


@dataclass(frozen=True)
class OpenOrganisation:
    """Everything that a step needs of one organisation; `rebuild` makes every stage again, changed or not."""

    key: str
    settings: Settings
    store: Store
    rebuild: bool = False

    @property
    def folder(self) -> Path:
        """The folder of its warehouse and its snapshots."""
        return self.settings.organisation_folder(self.key)

    @cached_property
    def record(self) -> ConnectedOrganisation:
        """The connected organisation.

        Raises:
            OrganisationError: no organisation is connected under this key.
        """
        return get_organisation(self.store, self.key)

    @property
    def identity(self) -> str:
        """What tells it from every other organisation, in Xero and here."""
        return f"{self.key} {self.record.tenant_id}"

    @property
    def ledger(self) -> OrderLedger:
        """The ledger of its orders."""
        return OrderLedger(self.store, self.key)

    def now(self) -> datetime:
        """The present instant, for the rooms that take it as an argument."""
        return datetime.now(UTC)

    def today(self) -> date:
        """The calendar day in its time zone; in UTC, with a warning, if the time zone is unknown."""
        problem = time_zone_problem(self.record.time_zone)
        if problem is not None:
            log.warning("%s", problem)
        return self.now().astimezone(time_zone(self.record.time_zone)).date()

    def local_time(self, at: datetime) -> str:
        """An instant by its clock, with the day if that is not today."""
        zone = time_zone(self.record.time_zone)
        local, today = at.astimezone(zone), self.now().astimezone(zone).date()
        return f"{local:%H:%M}" if local.date() == today else f"{local:%Y-%m-%d %H:%M}"

    def follow_xero(self, name: str, time_zone: str) -> None:
        """Store its present name and time zone in Xero."""
        if name and (name, time_zone) != (self.record.name, self.record.time_zone):
            rename_organisation(self.store, self.key, name=name, time_zone=time_zone)
            vars(self).pop("record", None)

    @contextmanager
    def warehouse(self) -> "Iterator[duckdb.DuckDBPyConnection]":
        """Its warehouse, for one call."""
        with open_warehouse(self.folder) as connection:
            yield connection

    def stale_order(self) -> Callable[[Order], bool]:
        """Whether the data of an order are too old by its settings, as a function of the order."""
        settings = global_settings(with_defaults(explicit_settings(self.store, self.key)))
        at = self.now()
        return lambda order: is_stale(order.data_loaded_at, at=at, settings=settings)

    def renamed_order(self) -> Callable[[Order], bool]:
        """Whether an approved order waits since Xero renamed a product of it, as a function of the order."""
        known = identities_of(self.store, self.key)
        return lambda order: waits_as_renamed(order, known)

    def client(self) -> "XeroClient":
        """The client of its Xero.

        Raises:
            OrganisationError: no organisation is connected under this key.
        """
        from pipelines.xero.client import XeroClient  # noqa: PLC0415, 0.2 s: only calls to Xero pay for it
        from pipelines.xero.oauth.tokens import SharedTokens, issuer  # noqa: PLC0415, as above

        record, sign_in = self.record, self._sign_in
        tokens = SharedTokens(
            slot=lambda: locked_tokens(self.store, sign_in.sign_in_id, self._secrets),
            issue=issuer(sign_in.app, sign_in.grant),
            on_lost=lambda: need_sign_in(self.store, record, at=self.now()),
        )
        return XeroClient(
            api_url=record.api_url,
            tenant_id=record.tenant_id,
            tokens=tokens,
            allowance=StoredAllowance(self.store, self.key),
        )

    @property
    def grant(self) -> str:
        """The grant by which a person connected it: in the browser, or by a custom connection."""
        return self._sign_in.grant

    def watermarks(self) -> dict[str, datetime]:
        """The instants since which each list is read for changes."""
        return watermarks(self.store, self.key)

    def advance_watermarks(self, marks: Mapping[str, datetime]) -> None:
        """Move the watermarks, after the rows that they cover are landed."""
        advance_watermarks(self.store, self.key, marks, at=self.now())

    @cached_property
    def _secrets(self) -> Secrets:
        return secrets_of(self.settings)

    @property
    def _sign_in(self) -> SignIn:
        return sign_in_of(self.store, self.record.key, self._secrets)


def open_organisation(settings: Settings, key: str, *, rebuild: bool = False) -> OpenOrganisation:
    """The connected organisation of a key; a wrong key creates nothing.

    Raises:
        OrganisationError: no organisation is connected under this key.
    """
    settings.organisation_folder(key)
    organisation = OpenOrganisation(key, settings, open_store(settings.database_url), rebuild)
    organisation.record  # noqa: B018, read now so that a wrong key fails before anything starts
    return organisation


def secrets_of(settings: Settings) -> Secrets:
    """The encryption of this home's credentials."""
    return open_secrets(settings.secret_key, settings.secret_key_file)


def connected_organisations(settings: Settings) -> list[ConnectedOrganisation]:
    """The organisations that are connected, by key."""
    with closing(open_store(settings.database_url)) as store:
        return list_organisations(store)


def repoint_demo(settings: Settings, *, address: str) -> None:
    """Change the address of the demo organisation's sandbox, if the demo is connected."""
    with closing(open_store(settings.database_url)) as store:
        repoint_organisation(store, DEMO, address=address)
