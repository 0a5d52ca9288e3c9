"""The settings of all products, a supplier, a group or a product, by topic, as a page lists them.

What belongs here: which settings, their words and where each comes from. What does not: the controls (`controls.py`),
what is observed (`observed.py`).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from pipelines.organisations.settings_in_force.organisation_settings import EffectiveSetting, OrganisationSettings
from pipelines.organisations.settings_in_force.setting_sentences import EVERYTHING, whom_in_words
from pipelines.planning_settings.setting_descriptions import Parameter
from pipelines.planning_settings.setting_topics import LABELS, TOPICS, is_found
from pipelines.planning_settings.setting_words import meaning_in_words, value_in_words
from pipelines.setting_subjects import ProductSupplier

BY_DEFAULT: Final = "the default"
# What people call a setting otherwise, for the search.
_OTHER_WORDS: Final = {
    "order_days": "weekdays monday tuesday wednesday thursday friday saturday sunday delivery days shipping"
}
_NOUNS: Final = {
    "supplier": "supplier", "group": "group", "product": "product", "product_supplier": "product of one supplier",
}  # fmt: skip


@dataclass(frozen=True)
class Scope:
    """Whom a page is for: a level and its subject as it is stored."""

    level: str
    subject: str
    title: str

    @property
    def query(self) -> str:
        """Its place in the address of the page."""
        return urlencode({self.level: self.subject}) if self.subject else ""


@dataclass(frozen=True)
class SettingRow:
    """A setting on a page: its value in force, where that comes from, what other levels say."""

    setting: Parameter
    label: str
    value: str
    origin: str
    is_set_here: bool
    who: str
    at: str
    reason: str
    others: Sequence[str]
    meaning: str
    default: str
    observed: str
    set_for: str


@dataclass(frozen=True)
class Topic:
    """Settings that belong together."""

    title: str
    rows: Sequence[SettingRow]


def scope_of(now: OrganisationSettings, query: Mapping[str, str]) -> Scope:
    """Whom an address is for; all products if it names nobody.

    Raises:
        UsageError: there is no such product, supplier or group.
    """
    for level in ("product", "supplier", "group"):
        if query.get(level):
            subject = now.subjects.find(level, query[level])
            return Scope(level, subject, whom_in_words(level, subject, now.names))
    return Scope("global", "", EVERYTHING)


def in_force(now: OrganisationSettings, scope: Scope) -> Sequence[EffectiveSetting]:
    """The settings that a page lists: those that can be set for whom it is."""
    if scope.level == "product":
        return now.of_product(scope.subject)
    if scope.level == "supplier":
        return now.of_supplier(scope.subject)
    if scope.level == "group":
        return now.of_group(scope.subject)
    return [row for row in now.of_all() if "global" in row.setting.levels]


def topics_of(
    now: OrganisationSettings, scope: Scope, *, search: str, currency: str, observed: Mapping[str, str]
) -> list[Topic]:
    """The settings of a page by topic; only those with the words of a search."""
    found = {row.setting.name: row for row in in_force(now, scope)}
    counts = Counter((row.name, row.level) for row in now.in_force) if scope.level == "global" else Counter()
    topics = []
    for title, names in TOPICS.items():
        rows = [
            _row(found[name], now, scope, currency, observed.get(name, ""), _set_for(counts, name))
            for name in names
            if name in found and (is_found(name, search) or _is_other_word(name, search))
        ]
        if rows:
            topics.append(Topic(title, rows))
    return topics


def _is_other_word(name: str, search: str) -> bool:
    """Whether all words of a search are what people call a setting otherwise.

    >>> _is_other_word("order_days", "Monday"), _is_other_word("order_days", "colour")
    (True, False)
    """
    words = _OTHER_WORDS.get(name, "")
    return bool(words) and all(word in words for word in search.casefold().split())


def targets_of(now: OrganisationSettings, scope: Scope, setting: Parameter) -> list[tuple[str, str, str]]:
    """Where a setting of a page can be set: level, subject, and whom that is in words; the page's own first."""
    found = [(scope.level, scope.subject)]
    if scope.level == "product" and (supplier := now.supplier_of(scope.subject)):
        found += [("product_supplier", ProductSupplier(scope.subject, supplier).text)]
        found += [("group", group.group_id) for group in now.groups.of_product(scope.subject)]
        found += [("supplier", supplier)]
    found += [("global", "")] if scope.level != "global" else []
    return [
        (level, subject, _target_in_words(level, whom_in_words(level, subject, now.names)))
        for level, subject in found
        if level in setting.levels
    ]


def _target_in_words(level: str, whom: str) -> str:
    """Whom a choice is for: "only P-0001", "every product of Mill"."""
    return {
        "supplier": f"{whom}, for all its products", "group": f"the group {whom}", "product": f"{whom} alone",
        "product_supplier": f"{whom}, while it is ordered there",
    }.get(level, whom)  # fmt: skip


def _row(
    row: EffectiveSetting, now: OrganisationSettings, scope: Scope, currency: str, observed: str, set_for: str
) -> SettingRow:
    def words(value: str | None) -> str:
        return value_in_words(row.setting.name, value, now.names, currency=currency)

    origin = _origins(now, scope, row)
    change = row.change
    others = [
        f"{origin(level)}: {words(value)}"
        for level, value in row.levels.items()
        if level != row.origin and value not in (None, "") and level != "default"
    ]
    others += [f"group {title}: {words(value)}" for title, value in row.other_groups.items()]
    return SettingRow(
        row.setting,
        LABELS[row.setting.name],
        words(row.levels[row.origin] if row.origin != "default" else row.setting.default or None),
        origin(row.origin),
        row.origin in {scope.level, "product_supplier"} and change is not None,
        change.changed_by if change else "",
        now.opened.local_time(change.changed_at) if change else "",
        change.reason if change else "",
        others,
        meaning_in_words(row.setting),
        words(row.setting.default or None),
        observed,
        set_for,
    )


def _origins(now: OrganisationSettings, scope: Scope, row: EffectiveSetting) -> Callable[[str], str]:
    """The words for the level that a value comes from."""
    supplier = scope.subject if scope.level == "supplier" else ""
    if scope.level == "product":
        supplier = now.supplier_of(scope.subject)
    named = now.names.get(supplier, "its supplier")
    words = {
        "default": BY_DEFAULT, "global": EVERYTHING, "supplier": named, "group": f"group {row.group or scope.title}",
        "product": "this product", "product_supplier": f"this product from {named}",
    }  # fmt: skip
    return lambda level: words.get(level, level)


def _set_for(counts: Mapping[tuple[str, str], int], name: str) -> str:
    """For how many suppliers, groups and products a setting is set differently."""
    found = [(counts.get((name, level), 0), noun) for level, noun in _NOUNS.items()]
    return ", ".join(f"{count:,} {_plural(noun, count)}" for count, noun in found if count)


def _plural(noun: str, count: int) -> str:
    if count == 1:
        return noun
    return f"products{noun.removeprefix('product')}" if noun.startswith("product") else f"{noun}s"
