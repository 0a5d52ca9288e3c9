"""A setting of many products at once, before it is saved: which can be chosen, old and new of each product.

What belongs here: the preview. What does not: what the change would do to the plan (`shown/settings_shown`), saving it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
from pipelines.planning_settings.setting_descriptions import PARAMETERS, Parameter
from pipelines.planning_settings.setting_files.requested_settings import ProposedChange
from pipelines.planning_settings.setting_topics import TOPICS
from pipelines.planning_settings.setting_words import value_in_words
from pipelines.storage import tables
from planner.shown.published_view import PublishedView

# Kinds of values that make sense for many products alike.
_FOR_MANY: Final = frozenset({"whole number", "number", "money", "percentage", "choice", "flag", "date", "supplier"})


@dataclass(frozen=True)
class SettingChangeShown:
    """A product whose setting would change: what holds now, and then."""

    code: str
    name: str
    now: str
    then: str


def settings_for_many() -> Mapping[str, Sequence[tuple[str, str]]]:
    """The settings that can be set for many products, by topic: name and label of each."""
    found = {
        topic: [(name, label) for name, label in names.items() if _is_for_many(PARAMETERS[name])]
        for topic, names in TOPICS.items()
    }
    return {topic: names for topic, names in found.items() if names}


def changes_shown(
    now: OrganisationSettings, view: PublishedView, changes: Sequence[ProposedChange], *, most: int, currency: str
) -> list[SettingChangeShown]:
    """The first changes: what is set for the product itself now, else what the last plan was made with."""
    first = changes[:most]
    codes = [change.subject for change in first]
    planned = view.rows(tables.PLAN_SETTINGS, pl.col("name") == first[0].name, of=codes) if first else pl.DataFrame()
    values = dict(planned.select("product_code", "value").iter_rows()) if first else {}
    names = dict(
        view.order_plan.filter(pl.col("product_code").is_in(codes)).select("product_code", "product_name").iter_rows()
    )

    def words(change: ProposedChange, value: str | None) -> str:
        return value_in_words(change.name, value, now.names, currency=currency)

    return [
        SettingChangeShown(
            change.subject, names.get(change.subject) or "",
            words(change, change.old if change.old is not None else values.get(change.subject)),
            words(change, change.new) if change.new is not None else "as for its groups, its supplier or all",
        )
        for change in first
    ]  # fmt: skip


def _is_for_many(setting: Parameter) -> bool:
    return "product" in setting.levels and setting.form.kind in _FOR_MANY
