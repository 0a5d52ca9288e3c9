"""What changes of settings would change in an organisation's plan, by the tables that are published.

What belongs here: reading the tables. What does not: planning (`replenishment/setting_effects.py`).
Read more in docs/buyer/settings.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
from pipelines.planning_settings.registry import explicit_frame
from pipelines.planning_settings.setting_files.requested_settings import ProposedChange
from pipelines.replenishment.setting_effects import NOT_SHOWN, SOURCE_TABLES, PlanSources, changed_lines
from pipelines.storage import tables
from pipelines.storage.snapshots import published_or_empty, read_published


@dataclass(frozen=True)
class PlanEffect:
    """The lines of the plan that would differ (see `changed_lines`), and settings whose effect is not among them."""

    lines: pl.DataFrame
    not_shown: Sequence[str]
    is_worked_out: bool = True

    @property
    def record(self) -> dict[str, Any]:
        """The effect as data for another program."""
        return {"lines": self.lines.to_dicts(), "not_shown": list(self.not_shown)}


def plan_effect(now: OrganisationSettings, changes: Sequence[ProposedChange]) -> PlanEffect | None:
    """What changes would change in the plan; None if there is no plan yet.

    Groups have the products that they have now, also those that joined since the plan.
    """
    if published_or_empty(now.opened.folder, tables.ORDER_PLAN).is_empty():
        return None
    not_shown = sorted({row.name for row in changes if row.name in NOT_SHOWN})
    shown = {(row.level, row.subject, row.name): row.new for row in changes if row.name not in NOT_SHOWN}
    if not shown:
        return PlanEffect(pl.DataFrame(), not_shown, is_worked_out=False)
    planned = PlanSources(*read_published(now.opened.folder, *SOURCE_TABLES))
    sources = replace(planned, product_groups=now.groups.membership)
    return PlanEffect(
        changed_lines(sources, explicit_frame(now.explicit), explicit_frame({**now.explicit, **shown})), not_shown
    )
