"""What a change of settings would change in the plan: the lines that differ, for a dry run.

What belongs here: reading the last plan's tables, and printing the difference. What does not: planning
(`pipelines.replenishment.setting_effects`).
Read more in docs/buyer/settings.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stocktrim_cli.output import counted, out, show_json, show_table
from stocktrim_cli.settings_now import SHOWN, SettingsNow, say_rest, show_old_and_new

if TYPE_CHECKING:
    import polars as pl

    from pipelines.planning_settings.requested_settings import Proposal, ProposedChange


@dataclass(frozen=True)
class PlanEffect:
    """The lines of the plan that would differ, and the settings whose effect is not among them."""

    lines: "pl.DataFrame"
    not_shown: Sequence[str]

    @property
    def record(self) -> dict[str, Any]:
        """The effect as data for another program."""
        return {"lines": self.lines.to_dicts(), "not_shown": list(self.not_shown)}


def show_dry_run(proposal: "Proposal", now: SettingsNow, *, as_json: bool) -> None:
    """Print what would change: settings, old and new, and the plan."""
    effect = plan_effect(now, proposal.changes)
    if as_json:
        changes = [{name: value for name, value in vars(row).items() if name != "line"} for row in proposal.changes]
        plan = None if effect is None else effect.record
        show_json({"changes": changes, "unchanged": proposal.unchanged, "plan": plan})
        return
    show_old_and_new("What would change", proposal.changes, now.opened)
    show_effect(effect)
    same = f"; {counted(proposal.unchanged, 'setting')} would stay" if proposal.unchanged else ""
    out.print(f"Nothing was changed. {counted(len(proposal.changes), 'setting')} would change{same}.", markup=False)


def plan_effect(now: SettingsNow, changes: "Sequence[ProposedChange]") -> PlanEffect | None:
    """What changes would change in the plan; None if there is no plan yet."""
    import polars as pl

    from pipelines.replenishment.setting_effects import NOT_SHOWN, SOURCE_TABLES, PlanSources, changed_lines
    from pipelines.storage import tables
    from pipelines.storage.snapshots import published_or_empty, read_published

    if published_or_empty(now.opened.folder, tables.ORDER_PLAN).is_empty():
        return None
    not_shown = sorted({row.name for row in changes if row.name in NOT_SHOWN})
    shown = {(row.level, row.subject, row.name): row.new for row in changes if row.name not in NOT_SHOWN}
    if not shown:
        return PlanEffect(pl.DataFrame(), not_shown)
    sources = PlanSources(*read_published(now.opened.folder, *SOURCE_TABLES))
    return PlanEffect(changed_lines(sources, _frame(now.explicit), _frame({**now.explicit, **shown})), not_shown)


def show_effect(effect: PlanEffect | None) -> None:
    """Print what would change in the plan, the largest change of value first."""
    import polars as pl

    if effect is None:
        out.print("There is no plan yet to show the effect on.")
        return
    if effect.not_shown:
        out.print(f"Not shown, as the data must be built anew: the effect of {', '.join(effect.not_shown)}.")
    if effect.lines.is_empty():
        out.print("The plan would stay as it is.")
        return
    change = (pl.col("new_order_value").fill_null(0) - pl.col("order_value").fill_null(0)).abs()
    rows = effect.lines.sort(change, "product_code", descending=[True, False])
    columns = (
        "product_code",
        "product_name",
        "order_quantity",
        "new_order_quantity",
        "status",
        "new_status",
        "new_reason",
    )
    show_table(
        "What the plan would change", ["product", "name", "order", "then", "status", "then status", "reason"],
        rows.select(columns).head(SHOWN).rows(), numbers=["order", "then"],
    )  # fmt: skip
    say_rest(rows.height)
    out.print(f"The plan would change for {counted(rows.height, 'product')}: {_totals(rows)}.", markup=False)


def _totals(lines: "pl.DataFrame") -> str:
    """What the changed lines order before and after, by currency."""
    import polars as pl

    money = lines.group_by("currency").agg(pl.col("order_value", "new_order_value").sum()).sort("currency")
    return " and ".join(
        f"orders of {old:,.2f} become {new:,.2f} {currency or ''}".rstrip() for currency, old, new in money.rows()
    )


def _frame(explicit: Mapping[tuple[str, str, str], str | None]) -> "pl.DataFrame":
    """Settings with their defaults, in the shape of `raw.planning_settings`."""
    from datetime import UTC, datetime

    import polars as pl

    from pipelines.planning_settings.registry import with_defaults
    from pipelines.storage.tables import PLANNING_SETTINGS

    at = datetime(1970, 1, 1, tzinfo=UTC)
    rows = [(*place, value, "", at) for place, value in explicit.items() if value is not None]
    return with_defaults(pl.DataFrame(rows, schema=PLANNING_SETTINGS.schema, orient="row"))
