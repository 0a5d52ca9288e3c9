"""The desk as one process has it: its settings, its views of what is published, its store, its sessions.

What belongs here: what lives as long as the process. What does not: what lives as long as a request
(`frame/screen_context.py`).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from pipelines.organisation_key import OrganisationError
from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
from pipelines.planning_settings.registry import GlobalSettings, global_settings, with_defaults
from pipelines.purchasing.orders import Order
from pipelines.secret import Secret
from pipelines.settings import Settings
from pipelines.store.connected_organisations import ConnectedOrganisation, list_organisations
from pipelines.store.engine import Store, open_store
from pipelines.store.setting_ledger.setting_changes import explicit_settings
from planner.beginning.demo_start import DemoStart
from planner.beginning.pending_sign_ins import PendingSignIns
from planner.runs.dagster_runs import DagsterRuns
from planner.security.access import DeskAccess
from planner.security.open_sessions import OpenSessions
from planner.security.roles import Role
from planner.security.security_log import SecurityLog
from planner.security.sessions import Session, Sessions, open_sessions
from planner.security.sign_in import FailureLimit, OneTimeToken
from planner.security.team_sign_in import TeamSignIn
from planner.shown.plan_shown.plan_now import PlanBooks
from planner.shown.published_view import PublishedView, PublishedViews
from planner.shown.settings_shown.what_ifs import WhatIfs

KEPT_SECONDS: Final = 5.0
NOT_HERE: Final = "There is no such organisation here."


@dataclass
class Desk:
    """What every request needs; `person` is who signs in with the printed address."""

    settings: Settings
    person: str
    cookie: str
    views: PublishedViews
    sessions: Sessions
    token: OneTimeToken
    failures: FailureLimit
    log: SecurityLog
    open_sessions: OpenSessions
    demo: DemoStart
    _kept: dict[str, tuple[float, Any]] = field(default_factory=dict)
    kept_settings: dict[str, tuple[tuple[str, int, int], OrganisationSettings]] = field(default_factory=dict)

    @cached_property
    def store(self) -> Store:
        """The store of what people decide.

        Raises:
            StoreError: it cannot be reached.
        """
        return open_store(self.settings.database_url)

    @cached_property
    def plan_books(self) -> PlanBooks:
        """The plans with the orders that people made of them."""
        return PlanBooks(lambda: self.store)

    @cached_property
    def team(self) -> TeamSignIn | None:
        """How a team signs in, if the desk is set up for one."""
        open_id = self.settings.open_id
        return TeamSignIn(open_id, self.sessions.encryption) if open_id else None

    @property
    def is_https(self) -> bool:
        """Whether people reach the desk by https, through whatever stands in front of it."""
        return (self.settings.desk_url or "").startswith("https:")

    @cached_property
    def access(self) -> DeskAccess:
        """Who may do what."""
        return DeskAccess(lambda: self.store, self.log)

    @cached_property
    def xero_sign_ins(self) -> PendingSignIns:
        """The sign-ins at Xero that were begun here and wait for its answer."""
        return PendingSignIns()

    @cached_property
    def runs(self) -> DagsterRuns:
        """The loads, plans and sends of Dagster's."""
        return DagsterRuns(self.settings.dagster_url)

    @cached_property
    def what_ifs(self) -> WhatIfs:
        """What people ask of changes of settings before they save them."""
        return WhatIfs(self.settings)

    def organisations(self) -> Sequence[ConnectedOrganisation]:
        """The connected organisations, by key, whoever asks."""
        found: Sequence[ConnectedOrganisation] = self._for_a_while("", lambda: list_organisations(self.store))
        return found

    def organisations_of(self, session: Session) -> Sequence[ConnectedOrganisation]:
        """The connected organisations in which a person has a role."""
        return [one for one in self.organisations() if self.access.role(session, one.key) is not None]

    def organisation(self, key: str) -> ConnectedOrganisation:
        """The connected organisation of a key.

        Raises:
            OrganisationError: none has it.
        """
        for organisation in self.organisations():
            if organisation.key == key:
                return organisation
        raise OrganisationError(NOT_HERE)

    def first_organisation(self, session: Session) -> ConnectedOrganisation | None:
        """The organisation to begin with: that of STOCKTRIM_ORGANISATION, else the first by name; None without any."""
        preferred = self.settings.organisation
        found = sorted(self.organisations_of(session), key=lambda one: (one.key != preferred, one.name.casefold()))
        return found[0] if found else None

    def role(self, session: Session, key: str) -> Role:
        """What a person may do in an organisation; without a key, where none is concerned or all are.

        Raises:
            OrganisationError: they have no role in it, so that it is as if there were none.
        """
        role = self.access.role(session, key)
        if role is None and key:
            raise OrganisationError(NOT_HERE)
        return role or Role.VIEWER

    def global_settings(self, key: str) -> GlobalSettings:
        """An organisation's settings for all products, as they are in force now."""
        found: GlobalSettings = self._for_a_while(
            key, lambda: global_settings(with_defaults(explicit_settings(self.store, key)))
        )
        return found

    def orders(self, view: PublishedView) -> list[Order]:
        """The orders of an organisation that have not ended unsent, as the store has them now."""
        return self.plan_books.of(view).known.orders()

    def _for_a_while(self, name: str, read: Callable[[], Any]) -> Any:
        """What the store says, read again after some seconds: every page asks for it."""
        read_at, value = self._kept.get(name, (float("-inf"), None))
        if time.monotonic() - read_at > KEPT_SECONDS:
            value = read()
            self._kept[name] = (time.monotonic(), value)
        return value

    def forget(self) -> None:
        """Read the store anew at the next request."""
        self._kept.clear()

    def close(self) -> None:
        """Close its files, and end the demo's Xero if it was started here."""
        self.demo.stop()
        self.log.close()
        if "what_ifs" in vars(self):
            self.what_ifs.close()
        if "store" in vars(self):
            self.store.close()


def open_desk(
    settings: Settings, *, person: str, port: int, announce: Callable[[Secret], None], demo_xero: str = ""
) -> Desk:
    """The desk of a home. `announce` is given each token with which one session can be opened.

    `demo_xero` is where a sandbox answers for the demo organisation; without one the desk starts its own.

    Cookies of one machine reach all its ports, so the cookie's name has the port.
    """
    folder = settings.planner_folder
    kept_to_https = "__Host-" if (settings.desk_url or "").startswith("https:") else ""
    return Desk(
        settings, person, f"{kept_to_https}stocktrim_desk_{port}", PublishedViews(settings), open_sessions(folder),
        OneTimeToken(announce), FailureLimit(), SecurityLog(folder), OpenSessions(folder),
        DemoStart(settings, demo_xero),
    )  # fmt: skip
