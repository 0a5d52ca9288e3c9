"""`stocktrim settings accept-lead-times`: set lead times to what receipts show, for products that a plan names.

Read more in docs/maths.md.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption, command_for
from stocktrim_cli.output import out, show_json, show_table
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.settings_options import ProductOption, SupplierOption, settings_now
from stocktrim_cli.who import ByOption, person

if TYPE_CHECKING:
    import polars as pl

    from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings

SHOWN = {
    "product_code": "product",
    "supplier_name": "supplier",
    "set_lead_time_days": "set",
    "set_level": "set at",
    "observed_lead_time_days": "receipts show",
    "middle_half": "middle half",
    "receipts": "receipts",
    "receipts_of": "of the",
    "level_change_quantity": "level by",
    "level_change_value": "level by, value",
    "stock_change_quantity": "stock by",
    "stock_change_value": "stock by, value",
    "currency": "currency",
}
NUMBERS = ("set", "receipts show", "receipts", "level by", "level by, value", "stock by", "stock by, value")


def accept_lead_times(
    *,
    product: ProductOption = "",
    supplier: SupplierOption = "",
    everything: Annotated[bool, typer.Option("--all", help="All products that the last plan names.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show old and new; change nothing.")] = False,
    by: ByOption = "",
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Set lead times to what receipts show, for the products that the last plan names.

    Each becomes a setting of the product; `stocktrim settings undo` takes all of them back.

    Example: `stocktrim settings accept-lead-times --all --dry-run`
    """
    now = settings_now(organisation)
    advice = _chosen(now, product=product, supplier=supplier, everything=everything)
    if not dry_run:
        _accept(now, advice, by=person(by))
    if as_json:
        show_json(advice.to_dicts())
        return
    if advice.is_empty():
        out.print("No lead time to change: receipts agree with the settings.", markup=False)
        return
    _show(advice)
    next_step = f"Next: {command_for(now.opened.key, 'plan')}"
    done = f"{advice.height} lead times are set to what receipts show. {next_step}"
    out.print(
        "Nothing was changed. Run it without --dry-run to set these lead times." if dry_run else done, markup=False
    )


def _chosen(now: "OrganisationSettings", *, product: str, supplier: str, everything: bool) -> "pl.DataFrame":
    """The plan's advice for the chosen products, without lead times that were changed since the plan."""
    import polars as pl

    from pipelines.errors import UsageError
    from pipelines.planning_settings.registry import settings_of_products, with_defaults
    from pipelines.storage import tables
    from pipelines.storage.snapshots import read_published
    from pipelines.store.setting_ledger.setting_changes import explicit_settings

    if sum(map(bool, (product, supplier, everything))) != 1:
        raise UsageError("Choose whose lead times: --product, --supplier or --all.")
    advice, products = read_published(now.opened.folder, tables.LEAD_TIME_ADVICE, tables.PRODUCTS)
    if product:
        advice = advice.filter(pl.col("product_code") == now.subjects.find("product", product))
    if supplier:
        advice = advice.filter(pl.col("supplier_id") == now.subjects.find("supplier", supplier))
    settings = with_defaults(explicit_settings(now.opened.store, now.opened.key))
    in_force = settings_of_products(products, settings, now.groups.membership)
    today = in_force.filter(pl.col("name") == "lead_time_days").select("product_code", today=pl.col("value"))
    return (
        advice.join(today, on="product_code", maintain_order="left")
        .filter(pl.col("today") == pl.col("set_lead_time_days").cast(pl.String))
        .drop("today")
    )


def _accept(now: "OrganisationSettings", advice: "pl.DataFrame", *, by: str) -> None:
    from pipelines.store.setting_ledger.setting_changes import SettingChange

    at = now.opened.now()
    now.store([
        SettingChange(*_subject(row), "lead_time_days", str(row["observed_lead_time_days"]), by, at, _reason(row))
        for row in advice.to_dicts()
    ])  # fmt: skip


def _subject(row: dict[str, Any]) -> tuple[str, str]:
    """The level and the subject at which a lead time is set: the product's, or with its supplier if it was set so."""
    from pipelines.setting_subjects import ProductSupplier

    if row["set_level"] == "product_supplier":
        return "product_supplier", ProductSupplier(row["product_code"], row["supplier_id"]).text
    return "product", row["product_code"]


def _reason(row: dict[str, Any]) -> str:
    return (
        f"{row['receipts']} receipts of the {row['receipts_of']} show {row['observed_lead_time_days']} days, "
        f"{row['set_lead_time_days']} were set (plan {row['plan_id']})"
    )


def _show(advice: "pl.DataFrame") -> None:
    import polars as pl

    shown = advice.with_columns(
        middle_half=pl.format("{} to {}", pl.col("observed_low_days").round(1), pl.col("observed_high_days").round(1))
    )
    show_table("Lead times: as set, and as receipts show", list(SHOWN.values()), shown.select(list(SHOWN)).rows(),
               numbers=NUMBERS)  # fmt: skip
