"""What each change of a setting replaced, and how changes that were made together are undone.

What belongs here: reading the history as old and new, and the changes that take a batch back. What does not: storing
them (`setting_changes.py`).
Read more in docs/buyer/settings.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pipelines.errors import UsageError
from pipelines.identities import Identities
from pipelines.store.setting_ledger.setting_changes import (
    Place,
    SettingChange,
    SettingConflictError,
    last_batch,
    of_whom,
    place_of,
    product_of,
    under_present_code,
    value_now,
)


@dataclass(frozen=True)
class ReplacedSetting:
    """A change with the value that it replaced; None if nothing was set."""

    change: SettingChange
    old: str | None


def with_old_values(history: Sequence[SettingChange], known: Identities) -> Iterator[ReplacedSetting]:
    """Every change with what it replaced, in the order of the history."""
    latest: dict[Place, str | None] = {}
    for change in history:
        place = place_of(change, known)
        yield ReplacedSetting(change, latest.get(place))
        latest[place] = change.value


def undo_changes(
    history: Sequence[SettingChange], known: Identities, *, batch: int | None, by: str, at: datetime, reason: str = ""
) -> list[SettingChange]:
    """The changes that undo a batch, the last one if none is given: each setting has its value of before.

    An undo is a batch too, so that it can be undone.

    Raises:
        UsageError: there is no such batch.
        SettingConflictError: somebody changed one of its settings since.
    """
    number = last_batch(history) if batch is None else batch
    places = {place_of(change, known) for change in history if change.batch == number}
    if not places:
        raise UsageError(
            "No setting was changed yet, so there is nothing to undo." if batch is None
            else f"There is no change {batch}: `stocktrim settings history` lists all changes with their numbers."
        )  # fmt: skip
    before: dict[Place, SettingChange] = {}
    undone: dict[Place, SettingChange] = {}
    for change in history:
        place = place_of(change, known)
        if place not in places:
            continue
        if change.batch == number:
            undone[place] = change
        elif place in undone:
            raise SettingConflictError(_changed_since(undone[place], change))
        else:
            before[place] = change
    why = reason or f"undo of change {number} by {next(iter(undone.values())).changed_by}"
    return [_back(change, before.get(place), known, by=by, at=at, reason=why) for place, change in undone.items()]


def _back(
    undone: SettingChange, before: SettingChange | None, known: Identities, *, by: str, at: datetime, reason: str
) -> SettingChange:
    """The change to the value of before, under the present code of its product."""
    return replace(
        under_present_code(undone, known),
        value=None if before is None else value_now(before, known),
        changed_by=by,
        changed_at=at,
        reason=reason,
        product_id=product_of(undone, known),
    )


def _changed_since(undone: SettingChange, change: SettingChange) -> str:
    of_subject = of_whom(change)
    now = "removed it" if change.value is None else f"set it to {change.value or 'none'}"
    return (
        f"Change {undone.batch} cannot be undone: {change.changed_by} {now} since ({change.name}{of_subject}, change "
        f"{change.batch}). Undo that change first, or set the value that you want."
    )
