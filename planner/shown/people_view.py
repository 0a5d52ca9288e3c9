"""Who may use an organisation's desk: its people and its programs, as one administrator may see and change them.

What belongs here: which rows, and what may be done with each. What does not: roles (`security/access.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.store.connected_organisations import ConnectedOrganisation
from pipelines.store.desk_access.access_tokens import AccessToken
from pipelines.store.desk_access.desk_roles import EVERY_ORGANISATION, RoleGiven
from planner.frame import formats
from planner.security.access import DeskAccess
from planner.security.sessions import Session


@dataclass(frozen=True)
class PersonShown:
    """A person with a role here; `is_changeable` unless it is for every organisation and the asker's is not."""

    given: RoleGiven
    given_at: str
    is_for_all: bool
    is_oneself: bool
    is_changeable: bool


@dataclass(frozen=True)
class TokenShown:
    """A token that reaches this organisation."""

    token: AccessToken
    state: str
    reach: str
    expires_at: str
    last_used_at: str
    is_changeable: bool


def people_of(access: DeskAccess, session: Session, organisation: ConnectedOrganisation) -> list[PersonShown]:
    """The people with a role in an organisation."""
    zone = organisation.time_zone
    return [
        PersonShown(
            given, formats.moment(given.given_at, zone), given.organisation_key == EVERY_ORGANISATION,
            given.person == session.person, access.manages(session, [given.organisation_key]),
        )
        for given in access.roles()
        if given.organisation_key in {organisation.key, EVERY_ORGANISATION}
    ]  # fmt: skip


def tokens_of(
    access: DeskAccess, session: Session, organisation: ConnectedOrganisation, names: dict[str, str], *, at: datetime
) -> list[TokenShown]:
    """The tokens that reach an organisation, the valid ones first."""
    zone = organisation.time_zone
    shown = [
        TokenShown(
            token, token.state(at), _reach(token.organisations, names), formats.moment(token.expires_at, zone),
            formats.moment(token.last_used_at, zone), access.manages(session, token.organisations),
        )
        for token in access.tokens()
        if token.reaches(organisation.key)
    ]  # fmt: skip
    return sorted(shown, key=lambda one: one.state != "valid")


def _reach(keys: Sequence[str], names: dict[str, str]) -> str:
    """The names of a token's organisations; of one that the asker may not see, only that there are others."""
    if EVERY_ORGANISATION in keys:
        return "every organisation"
    known = [names[key] for key in keys if key in names]
    return ", ".join(known + ["others"] * (len(known) < len(keys)))
