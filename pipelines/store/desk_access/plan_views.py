"""A person's own views of an organisation's order plan, by name: what was asked, as the end of an address.

What belongs here: the rows. What does not: what a view shows.
Read more in docs/desk.md.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa

from pipelines.errors import UsageError
from pipelines.store import schema
from pipelines.store.engine import Store

LONGEST_NAME: Final = 40
MOST_VIEWS: Final = 50
_LONGEST_QUERY: Final = 8_000


class PlanView(NamedTuple):
    """A view: its name, and the query that it stands for."""

    name: str
    query: str


def plan_views(store: Store, key: str, person: str) -> Sequence[PlanView]:
    """A person's views of an organisation's plan, in the order of the alphabet."""
    table = schema.plan_view
    query = sa.select(table.c.name, table.c.query).where(table.c.organisation_key == key, table.c.person == person)
    with store.reading() as connection:
        found = [PlanView(row["name"], row["query"]) for row in connection.execute(query).mappings()]
    return sorted(found, key=lambda view: (view.name.casefold(), view.name))


def keep_plan_view(store: Store, key: str, person: str, view: PlanView, *, at: datetime) -> None:
    """Keep a view; one of the same name is replaced.

    Raises:
        UsageError: it has no name or too long a one, or the person has very many.
    """
    if not view.name or len(view.name) > LONGEST_NAME or not view.name.isprintable():
        raise UsageError(f"Give the view a name of at most {LONGEST_NAME} characters.")
    if len(view.query) > _LONGEST_QUERY:
        raise UsageError("That is too much for a view: search for fewer codes.")
    others = [other for other in plan_views(store, key, person) if other.name != view.name]
    if len(others) >= MOST_VIEWS:
        raise UsageError(f"You have {MOST_VIEWS} views already: remove one first.")
    table = schema.plan_view
    with store.writing() as connection:
        connection.execute(sa.delete(table).where(*_named(key, person, view.name)))
        row = {"organisation_key": key, "person": person, **view._asdict(), "changed_at": at}
        connection.execute(sa.insert(table), [row])


def remove_plan_view(store: Store, key: str, person: str, name: str) -> bool:
    """Remove a view; whether there was one."""
    with store.writing() as connection:
        return connection.execute(sa.delete(schema.plan_view).where(*_named(key, person, name))).rowcount > 0


def _named(key: str, person: str, name: str) -> tuple[sa.ColumnElement[bool], ...]:
    table = schema.plan_view
    return table.c.organisation_key == key, table.c.person == person, table.c.name == name
