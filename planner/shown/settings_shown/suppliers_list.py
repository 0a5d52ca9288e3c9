"""Every supplier with its terms in force, and how much of that somebody set.

What belongs here: the rows. What does not: one supplier's settings (`level_page.py`).
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
from pipelines.planning_settings.setting_words import value_in_words
from pipelines.storage import tables
from planner.shown.published_view import PublishedView

TERMS: Final = ("lead_time_days", "order_days", "minimum_order_value", "cost_per_order")


def set_by_subject(now: OrganisationSettings, level: str) -> Counter[str]:
    """How many settings somebody set for each product, supplier or group."""
    return Counter(row.subject for row in now.in_force if row.level == level)


def suppliers_listed(view: PublishedView, now: OrganisationSettings, *, currency: str) -> Sequence[dict[str, Any]]:
    """A row for each supplier, those with products first, then by name."""
    counts = set_by_subject(now, "supplier")
    of_all = {row.setting.name: row.value for row in now.of_all()}
    rows = []
    for row in view.rows(tables.SUPPLIERS).to_dicts():
        own = {name: now.explicit.get(("supplier", row["supplier_id"], name)) for name in TERMS}
        terms = {
            name: value_in_words(name, of_all[name] or None if value is None else value, {}, currency=currency)
            for name, value in own.items()
        }
        rows.append(row | {
            "terms": terms, "own": {name for name, value in own.items() if value is not None},
            "settings": counts[row["supplier_id"]],
        })  # fmt: skip
    return sorted(rows, key=lambda row: (not row["products"], (row["supplier_name"] or "").casefold()))
