"""Changes of groups of products, each with who, when and why; nothing is overwritten.

What belongs here: the rows. What does not: the groups that they make (`pipelines.product_groups.groups`).
Read more in docs/buyer/groups.md.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import starmap
from typing import Final

import sqlalchemy as sa

from pipelines.errors import PlannerError
from pipelines.product_groups.groups import GroupChange, product_of
from pipelines.store import schema
from pipelines.store.engine import Store
from pipelines.store.identity_history import read_identities
from pipelines.store.setting_ledger.change_rows import ChangeLock, change_rows, last_batch_in, wait_for_others

_NAMES: Final = tuple(GroupChange.__dataclass_fields__)


class GroupConflictError(PlannerError):
    """Somebody else has changed groups in the meantime."""


def group_history(store: Store, key: str) -> list[GroupChange]:
    """Every change of an organisation's groups, the oldest first."""
    return list(starmap(GroupChange, change_rows(store, schema.group_change, key, _NAMES)))


def newest_group_batch(store: Store, key: str) -> int:
    """The number of the last batch of changes of an organisation's groups, without reading them; 0 if there is none."""
    with store.reading() as connection:
        return last_batch_in(connection, schema.group_change, key)


def change_groups(store: Store, key: str, changes: Sequence[GroupChange], *, seen: int) -> list[GroupChange]:
    """Store changes of groups as one batch, all of them or none; the stored changes.

    `seen` is the number of the last batch that the changes were decided on.

    Raises:
        GroupConflictError: somebody else changed a group after `seen`.
    """
    table = schema.group_change
    with store.writing() as connection:
        wait_for_others(connection, ChangeLock.GROUPS, key)
        last = connection.execute(
            sa.select(table.c.batch, table.c.changed_by).where(table.c.organisation_key == key)
            .order_by(table.c.id.desc()).limit(1)
        ).first()  # fmt: skip
        if last is not None and last.batch > seen:
            raise GroupConflictError(
                f"{last.changed_by} has just changed a group: nothing was changed. Look at it again with "
                f"`stocktrim groups list`."
            )
        known = read_identities(connection, key)
        batch = seen + 1
        stored = [replace(row, batch=batch, product_id=product_of(row, known)) for row in changes]
        if stored:
            connection.execute(sa.insert(table), [{**vars(row), "organisation_key": key} for row in stored])
    return stored
