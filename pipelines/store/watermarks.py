"""Watermarks: for each list the instant since which the next load reads changes.

What belongs here: the rows. What does not: how far a watermark moves (`pipelines.landing.extract`).
Read more in docs/operations.md.
"""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from pipelines.store import schema
from pipelines.store.engine import Store


def watermarks(store: Store, key: str) -> dict[str, datetime]:
    """The watermarks of an organisation, by list; lists that were never loaded have none."""
    return _by_list(store, key, schema.watermark.c.modified_since)


def last_loaded(store: Store, key: str) -> dict[str, datetime]:
    """When each list of an organisation was last loaded; lists that never were are not named."""
    return _by_list(store, key, schema.watermark.c.completed_at)


def _by_list(store: Store, key: str, column: sa.Column[datetime]) -> dict[str, datetime]:
    """An instant of each list of an organisation that was ever loaded."""
    table = schema.watermark
    with store.reading() as connection:
        rows = connection.execute(sa.select(table.c.endpoint, column).where(table.c.organisation_key == key))
        return {row.endpoint: row[1] for row in rows}


def advance_watermarks(store: Store, key: str, marks: Mapping[str, datetime], *, at: datetime) -> None:
    """Move watermarks in one step, after the rows that they cover are durably landed."""
    table = schema.watermark
    with store.writing() as connection:
        for endpoint, modified_since in marks.items():
            connection.execute(sa.delete(table).where(table.c.organisation_key == key, table.c.endpoint == endpoint))
            connection.execute(
                sa.insert(table).values(
                    organisation_key=key, endpoint=endpoint, modified_since=modified_since, completed_at=at
                )
            )
