"""The history of settings as a page lists it: what was changed together, by whom, from what to what.

What belongs here: words and grouping. What does not: the history (`store/setting_batches.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
from pipelines.organisations.settings_in_force.setting_sentences import whom_in_words
from pipelines.planning_settings.setting_topics import label_of
from pipelines.planning_settings.setting_words import value_in_words
from pipelines.store.setting_ledger.setting_batches import ReplacedSetting
from pipelines.store.setting_ledger.setting_changes import SettingChange, place_of, present_subject

MOST_OF_BATCH: Final = 10


@dataclass(frozen=True)
class PastBatch:
    """Changes that were made together; `rows` are the first of them."""

    number: int
    at: str
    by: str
    reason: str
    count: int
    rows: Sequence[dict[str, str]]
    since: str


def past_batches(
    now: OrganisationSettings, *, before: int, name: str, count: int, currency: str
) -> tuple[list[PastBatch], int]:
    """The latest entries below the number `before` (0: the latest of all), and the number to go on below; 0: none."""
    latest = {place_of(row, now.known): row for row in now.history}
    found = [row for row in now.past(name=name) if not before or row.change.batch < before]
    batches = [list(rows) for _, rows in groupby(reversed(found), key=lambda row: row.change.batch)]
    shown = [_batch(now, rows[::-1], latest, currency) for rows in batches[:count]]
    return shown, shown[-1].number if len(batches) > count else 0


def gone_shown(now: OrganisationSettings, *, currency: str) -> list[dict[str, str]]:
    """The settings of products, suppliers and groups that are gone, each with why."""
    return [_change(now, row, None, currency) | {"why": why} for row, why in now.gone()]


def _batch(
    now: OrganisationSettings, rows: Sequence[ReplacedSetting], latest: dict[Any, SettingChange], currency: str
) -> PastBatch:
    first = rows[0].change
    newer = (latest[place_of(row.change, now.known)] for row in rows)
    since = next((row for row in newer if row.batch != first.batch), None)
    return PastBatch(
        first.batch, now.opened.local_time(first.changed_at), first.changed_by, first.reason, len(rows),
        [_change(now, row.change, row.old, currency) for row in rows[:MOST_OF_BATCH]],
        "" if since is None else f"changed again by {since.changed_by}",
    )  # fmt: skip


def _change(now: OrganisationSettings, change: SettingChange, old: str | None, currency: str) -> dict[str, str]:
    def words(value: str | None) -> str:
        return value_in_words(change.name, value, now.names, currency=currency)

    return {
        "label": label_of(change.name),
        "whom": whom_in_words(change.level, present_subject(change, now.known), now.names),
        "old": words(old), "new": words(change.value),
    }  # fmt: skip
