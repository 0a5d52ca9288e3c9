"""What was changed in the settings, whom it is for and who was first, in sentences: for pages and programs alike.

What belongs here: sentences about changes of settings. What does not: values in words
(`planning_settings/setting_words.py`), sentences about the plan (`plan_effect_words.py`).
Read more in docs/buyer/settings.md.
"""

from collections.abc import Mapping, Sequence

from pipelines.planning_settings.setting_files.requested_settings import ProposedChange
from pipelines.planning_settings.setting_topics import label_of
from pipelines.planning_settings.setting_words import value_in_words
from pipelines.setting_subjects import product_in, supplier_in
from pipelines.store.setting_ledger.setting_changes import SettingChange

EVERYTHING = "all products"
_NAMED = 3


def whom_in_words(level: str, subject: str, names: Mapping[str, str]) -> str:
    """Whom a setting is for: all products, a supplier or group by its name, a product, or a product of a supplier.

    >>> whom_in_words("product_supplier", "TEA @ id-7", {"id-7": "Mill"}), whom_in_words("global", "", {})
    ('TEA from Mill', 'all products')
    """
    if level == "global":
        return EVERYTHING
    product, supplier = product_in(level, subject), supplier_in(level, subject)
    named = names.get(supplier, supplier)
    return f"{product} from {named}" if product and supplier else named or product or names.get(subject, subject)


def changed_in_words(
    changes: Sequence[ProposedChange], names: Mapping[str, str], *, currency: str = "", by_level: str = ""
) -> str:
    """What was saved: "Lead time of Supplier 07 is 21 days (before: 14 days)."; of many how many.

    `by_level` ends a sentence about a setting that was taken away: what holds now.
    """
    if not changes:
        return "Nothing was changed: it was so already."
    if len(changes) > _NAMED:
        return f"{len(changes):,} settings were changed."
    return " ".join(_changed(change, names, currency, by_level) for change in changes)


def would_change_in_words(changes: Sequence[ProposedChange], names: Mapping[str, str], *, currency: str = "") -> str:
    """What would be changed, each from what to what; of many how many."""
    if len(changes) > _NAMED:
        return f"{len(changes):,} settings would change."
    found = []
    for one in changes:
        old, new = (value_in_words(one.name, value, names, currency=currency) for value in (one.old, one.new))
        found.append(f"{label_of(one.name)} of {whom_in_words(one.level, one.subject, names)}: {old} → {new}.")
    return " ".join(found) or "Nothing would change: it is so already."


def _changed(change: ProposedChange, names: Mapping[str, str], currency: str, by_level: str) -> str:
    of = f"{label_of(change.name)} of {whom_in_words(change.level, change.subject, names)}"
    old = value_in_words(change.name, change.old, names, currency=currency)
    if change.new is None:
        return f"{of} is no longer set (before: {old}){f'; {by_level}' if by_level else ''}."
    return f"{of} is {value_in_words(change.name, change.new, names, currency=currency)} (before: {old})."


def conflict_in_words(newer: SettingChange, typed: str | None, names: Mapping[str, str], *, currency: str = "") -> str:
    """What somebody else has set meanwhile, beside what was typed and is not saved."""
    now = value_in_words(newer.name, newer.value, names, currency=currency)
    wanted = value_in_words(newer.name, typed, names, currency=currency)
    return (
        f"{newer.changed_by} has changed {label_of(newer.name)} of {whom_in_words(newer.level, newer.subject, names)} "
        f"to {now} since you opened this; you want {wanted}. Nothing was saved yet."
    )
