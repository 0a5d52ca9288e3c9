"""What a change of settings would do: old and new, and the lines of the plan that would differ.

What belongs here: printing. What does not: planning (`pipelines.organisations.settings_in_force.plan_effect`).
Read more in docs/buyer/settings.md.
"""

from typing import TYPE_CHECKING

from stocktrim_cli.output import counted, out, show_json, show_table
from stocktrim_cli.settings_options import SHOWN, say_rest, show_old_and_new

if TYPE_CHECKING:
    import polars as pl

    from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
    from pipelines.organisations.settings_in_force.plan_effect import PlanEffect
    from pipelines.planning_settings.setting_files.requested_settings import Proposal


def show_dry_run(proposal: "Proposal", now: "OrganisationSettings", *, as_json: bool) -> None:
    """Print what would change: settings, old and new, and the plan."""
    from pipelines.organisations.settings_in_force.plan_effect import plan_effect

    effect = plan_effect(now, proposal.changes)
    if as_json:
        changes = [{name: value for name, value in vars(row).items() if name != "line"} for row in proposal.changes]
        plan = None if effect is None else effect.record
        show_json({"changes": changes, "unchanged": proposal.unchanged, "plan": plan})
        return
    show_old_and_new("What would change", proposal.changes, now.names)
    _show_effect(effect)
    same = f"; {counted(proposal.unchanged, 'setting')} would stay" if proposal.unchanged else ""
    out.print(f"Nothing was changed. {counted(len(proposal.changes), 'setting')} would change{same}.", markup=False)


def _show_effect(effect: "PlanEffect | None") -> None:
    """Print what would change in the plan, the largest change of value first."""
    import polars as pl

    if effect is None:
        out.print("There is no plan yet to show the effect on.")
        return
    if effect.not_shown:
        out.print(f"Not shown, as the data must be built anew: the effect of {', '.join(effect.not_shown)}.")
    if effect.lines.is_empty():
        out.print("Nothing else of the plan would change." if effect.not_shown else "The plan would stay as it is.")
        return
    change = (pl.col("new_order_value").fill_null(0) - pl.col("order_value").fill_null(0)).abs()
    rows = effect.lines.sort(change, "product_code", descending=[True, False])
    columns = (
        "product_code", "product_name", "order_quantity", "new_order_quantity", "status", "new_status", "new_reason",
    )  # fmt: skip
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
