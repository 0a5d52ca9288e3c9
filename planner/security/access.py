"""Who may do what at the desk: roles of people, tokens of programs, ended sessions; each change in the security log.

    signed in by the printed address   administrator of everything
    signed in as one of a team         the role that the store has for them, in each organisation
    a program's token                  its role, in its organisations, until it ends

What belongs here: decisions about access, for the desk and the command alike. What does not: requests (`guard.py`).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from pipelines.errors import UsageError
from pipelines.secret import Secret
from pipelines.store.desk_access.access_tokens import (
    AccessToken,
    find_token,
    keep_token,
    list_tokens,
    new_token,
    note_use,
    revoke_token,
)
from pipelines.store.desk_access.desk_roles import (
    EVERY_ORGANISATION,
    RoleGiven,
    give_role,
    person_named,
    roles_given,
    strongest,
    take_role,
)
from pipelines.store.desk_access.ended_sessions import end_sessions, ends, spend_once
from pipelines.store.engine import Store
from planner.security.roles import Role
from planner.security.security_log import SecurityLog
from planner.security.sessions import Session, TokenSession, Way

KEPT_SECONDS: Final = 5.0
ENDS_KEPT_SECONDS: Final = 1.0


class DeskAccess:
    """Who may do what, by the store; other processes know of an ended session in a second, of a role in five."""

    def __init__(self, store: Callable[[], Store], log: SecurityLog) -> None:
        self._store, self._log = store, log
        self._roles: tuple[float, Sequence[RoleGiven]] | None = None
        self._ends: tuple[float, Mapping[str, datetime]] | None = None

    def role(self, session: Session, key: str) -> Role | None:
        """What a session may do in an organisation, or in every one (no key); None if it may not know of it."""
        if isinstance(session, TokenSession):
            return session.token.role if session.token.reaches(key) else None
        if session.way is Way.PRINTED_ADDRESS:
            return Role.ADMINISTRATOR
        mine = [one for one in self.roles() if one.person == session.person]
        return strongest([one.role for one in mine if one.organisation_key in {key, EVERY_ORGANISATION}])

    def manages(self, session: Session, keys: Sequence[str]) -> bool:
        """Whether a person may decide who may do what in all of these organisations."""
        return bool(keys) and all(self.role(session, key) is Role.ADMINISTRATOR for key in keys)

    def roles(self) -> Sequence[RoleGiven]:
        """Every role of every person."""
        known, at = self._roles, time.monotonic()
        if known is None or at - known[0] > KEPT_SECONDS:
            known = self._roles = (at, roles_given(self._store()))
        return known[1]

    def give(self, person: str, key: str, role: Role, *, by: str, at: datetime) -> RoleGiven:
        """Give a person a role in an organisation, or in every one (no key).

        Raises:
            UsageError: the person is not named as one can be.
        """
        given = RoleGiven(person_named(person), key, role, by, at)
        give_role(self._store(), given)
        self._roles = None
        self._log.note("role_given", at=at, person=given.person, organisation=key or "*", role=role, by=by)
        return given

    def take(self, person: str, key: str, *, by: str, at: datetime) -> None:
        """Take a person's role in an organisation away.

        Raises:
            UsageError: they have none there.
        """
        if not take_role(self._store(), person_named(person), key):
            raise UsageError(f"{person} has no role {'there' if key else 'for every organisation'}.")
        self._roles = None
        self._log.note("role_taken", at=at, person=person, organisation=key or "*", by=by)

    def tokens(self) -> list[AccessToken]:
        """Every token, the newest first."""
        return list_tokens(self._store())

    def make_token(
        self, name: str, role: Role, organisations: Sequence[str], *, days: int, by: str, at: datetime
    ) -> tuple[AccessToken, Secret]:
        """Make a token; its text is given here and never again.

        Raises:
            UsageError: its name, days or organisations are not allowed.
        """
        token = new_token(name, role, organisations, days=days, by=by, at=at)
        text = keep_token(self._store(), token)
        keys = ",".join(key or "*" for key in organisations)
        self._log.note("token_made", at=at, token=token.token_id, name=token.name, role=role, organisations=keys, by=by)
        return token, text

    def revoke(self, token_id: str, *, by: str, at: datetime) -> AccessToken:
        """Revoke a token.

        Raises:
            UsageError: there is none, or it was revoked before.
        """
        token = revoke_token(self._store(), token_id, by=by, at=at)
        self._log.note("token_revoked", at=at, token=token.token_id, name=token.name, by=by)
        return token

    def session_of_token(self, text: str, *, address: str, at: datetime, is_noted: bool) -> TokenSession | None:
        """The session of a program that shows a token; None for a token that opens nothing, which may be noted."""
        token = find_token(self._store(), text)
        if token is None or token.state(at) != "valid":
            known = {"token": token.token_id, "name": token.name} if token else {}
            why = token.state(at) if token else "unknown"
            if is_noted:
                self._log.note("token_refused", at=at, why=why, address=address, **known)
            return None
        note_use(self._store(), token, at=at)
        return TokenSession(token.token_id, token.name, at, at, "", Way.TOKEN, token=token)

    def is_ended(self, session: Session) -> bool:
        """Whether a session, or all of its person that began when it did, were ended."""
        ended = self._ends_now()
        return session.subject in ended or (
            session.everywhere in ended and session.begun_at <= ended[session.everywhere]
        )

    def end(self, session: Session, *, at: datetime) -> None:
        """End a session: its cookie opens nothing any more, in other processes within a second."""
        end_sessions(self._store(), session.subject, at=at)
        self._ends = None

    def _ends_now(self) -> Mapping[str, datetime]:
        """What was ended, in whichever process: asked for once a second, since every request needs it."""
        known, at = self._ends, time.monotonic()
        if known is None or at - known[0] > ENDS_KEPT_SECONDS:
            known = self._ends = (at, ends(self._store()))
        return known[1]

    def spend(self, subject: str, *, at: datetime) -> bool:
        """Whether something that is good once is used for the first time, in any process."""
        return spend_once(self._store(), subject, at=at)

    def end_everywhere(self, session: Session, *, at: datetime) -> None:
        """End every session of a session's person, on whichever machine."""
        end_sessions(self._store(), session.everywhere, at=at)
        self._ends = None
