"""What each person of a team may do in which organisation.

What belongs here: roles, their order, and who has which. What does not: proving who somebody is (`planner/security`).
Read more in docs/desk.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from pipelines.errors import UsageError
from pipelines.store import schema
from pipelines.store.engine import Store
from pipelines.store.setting_ledger.change_rows import ChangeLock, wait_for_others

EVERY_ORGANISATION: Final = ""
LONGEST_PERSON: Final = 300


class Role(StrEnum):
    """A role, from the one that may do least; each may do what the one before it may."""

    VIEWER = "viewer"
    PLANNER = "planner"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"

    def may(self, needed: "Role") -> bool:
        """Whether this role may do what needs another.

        >>> Role.APPROVER.may(Role.PLANNER), Role.VIEWER.may(Role.PLANNER)
        (True, False)
        """
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True)
class RoleGiven:
    """A person's role in an organisation, or in every one; who gave it when."""

    person: str
    organisation_key: str
    role: Role
    given_by: str
    given_at: datetime


def person_named(text: str) -> str:
    """A person as the provider of sign-ins names them: an e-mail in small letters, or an id as it is.

    >>> person_named(" Anna@Example.com "), person_named("auth0|7Fa")
    ('anna@example.com', 'auth0|7Fa')

    Raises:
        UsageError: it is empty, too long, or no text.
    """
    name = text.strip()
    if not 0 < len(name) <= LONGEST_PERSON or not name.isprintable():
        raise UsageError(f"A person is named by an e-mail or an id of 1 to {LONGEST_PERSON} characters.")
    return name.casefold() if "@" in name else name


def role_named(text: str) -> Role:
    """The role of a name.

    Raises:
        UsageError: there is none.
    """
    try:
        return Role(text)
    except ValueError:
        raise UsageError(f"{text!r} is no role: use {', '.join(Role)}.") from None


def give_role(store: Store, given: RoleGiven) -> None:
    """Give a person a role in an organisation, in place of any that they had there."""
    with store.writing() as connection:
        wait_for_others(connection, ChangeLock.ROLES, given.person)
        connection.execute(sa.delete(schema.desk_role).where(_is(given.person, given.organisation_key)))
        connection.execute(sa.insert(schema.desk_role).values(vars(given)))


def take_role(store: Store, person: str, organisation_key: str) -> bool:
    """Take a person's role in an organisation away; whether they had one."""
    with store.writing() as connection:
        return bool(connection.execute(sa.delete(schema.desk_role).where(_is(person, organisation_key))).rowcount)


def roles_given(store: Store) -> list[RoleGiven]:
    """Every role of every person, by name."""
    table = schema.desk_role
    with store.reading() as connection:
        rows = connection.execute(sa.select(table).order_by(table.c.person, table.c.organisation_key)).mappings()
        return [RoleGiven(**{**row, "role": Role(row["role"])}) for row in rows]


def strongest(roles: Sequence[Role]) -> Role | None:
    """The role of several that may do most; None for none.

    >>> strongest([Role.PLANNER, Role.VIEWER])
    <Role.PLANNER: 'planner'>
    """
    return max(roles, key=list(Role).index, default=None)


def _is(person: str, organisation_key: str) -> sa.ColumnElement[bool]:
    table = schema.desk_role
    return sa.and_(table.c.person == person, table.c.organisation_key == organisation_key)
