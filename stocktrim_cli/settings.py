"""`stocktrim settings`: what a plan uses, for the organisation, a supplier or a product, and what each setting means.

What belongs here: describing and showing. What does not: changing (`settings_change.py`), files (`settings_files.py`),
the past (`settings_past.py`).
Read more in docs/buyer/settings.md.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption
from stocktrim_cli.output import counted, show_json, show_table
from stocktrim_cli.runs import MINUS_IS_A_VALUE, JsonOption
from stocktrim_cli.settings_change import set_value, unset
from stocktrim_cli.settings_files import export_file, import_file
from stocktrim_cli.settings_options import (
    SHOWN,
    GroupOption,
    ProductOption,
    SupplierOption,
    say_rest,
    settings_now,
    subject_shown,
    value_shown,
)
from stocktrim_cli.settings_past import history as show_past
from stocktrim_cli.settings_past import show_history, undo

if TYPE_CHECKING:
    from pipelines.organisations.settings_in_force.organisation_settings import EffectiveSetting, OrganisationSettings
    from pipelines.planning_settings.setting_descriptions import Parameter
    from pipelines.store.setting_ledger.setting_changes import SettingChange

_SET_FOR: Final = {
    "supplier": "supplier", "group": "group", "product": "product", "product_supplier": "product of one supplier",
}  # fmt: skip
settings = typer.Typer(help="Show and set lead times, service levels and the like.", no_args_is_help=True)


@settings.command()
def describe(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="The setting; without one, all of them.")] = "",
    *,
    as_json: JsonOption = False,
) -> None:
    """Describe a setting: its meaning, unit, levels, default, values, an example, and what it does to a plan.

    Example: `stocktrim settings describe lead_time_days`
    """
    from pipelines.planning_settings.registry import known_setting
    from pipelines.planning_settings.setting_descriptions import PARAMETERS, described

    if as_json:
        show_json(described(known_setting(name)) if name else [described(setting) for setting in PARAMETERS.values()])
    elif name:
        setting = known_setting(name)
        show_table("Description of a setting", ["setting", setting.name], [
            ["meaning", setting.help],
            ["what it does to a plan", setting.effect],
            ["values", setting.form.described],
            ["unit", setting.unit],
            ["levels", ", ".join(setting.levels)],
            ["default", setting.default or "none"],
            ["example", setting.command],
        ])  # fmt: skip
    else:
        rows = [
            [setting.name, setting.unit, ", ".join(setting.levels), setting.default or "none", setting.help]
            for setting in PARAMETERS.values()
        ]
        show_table("Settings; `stocktrim settings describe NAME` says more",
                   ["setting", "unit", "levels", "default", "meaning"], rows)  # fmt: skip


@settings.command()
def show(
    *,
    product: ProductOption = "",
    supplier: SupplierOption = "",
    group: GroupOption = "",
    gone: Annotated[
        bool, typer.Option("--gone", help="Settings of, or with, products and suppliers that are gone in Xero.")
    ] = False,
    history: Annotated[bool, typer.Option("--history", help="Every change, as `settings history` shows it.")] = False,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Show the settings in force for the organisation, a supplier, a group or a product, and where each was set.

    With --product and --supplier: those that hold if the product is ordered from that supplier.

    Example: `stocktrim settings show --product P-0001`
    """
    from pipelines.errors import UsageError

    if sum(map(bool, (product or supplier, group, gone, history))) > 1:
        raise UsageError("Give one of --product (with or without --supplier), --supplier, --group, --gone, --history.")
    now = settings_now(organisation)
    if history:
        show_history(now.past(), now, as_json=as_json)
    elif gone:
        _show_gone(now, as_json=as_json)
    elif product:
        _show_product(now, product=product, supplier=supplier, as_json=as_json)
    elif group:
        found = now.groups.find(group)
        _show_in_force(f"Settings of {found.title}", now.of_group(found.group_id), now, as_json=as_json)
    elif supplier:
        identity = now.subjects.find("supplier", supplier)
        title = f"Settings of {now.names.get(identity, identity)}"
        _show_in_force(title, now.of_supplier(identity), now, as_json=as_json)
    else:
        _show_all(now, as_json=as_json)


settings.command(name="set", context_settings=MINUS_IS_A_VALUE)(set_value)
settings.command()(unset)
settings.command(name="import")(import_file)
settings.command(name="export")(export_file)
settings.command()(show_past)
settings.command()(undo)


def _show_product(now: "OrganisationSettings", *, product: str, supplier: str, as_json: bool) -> None:
    """Print the settings of a product, as it is ordered or as it would be from another supplier."""
    code = now.subjects.find("product", product)
    theirs = now.subjects.find("supplier", supplier) if supplier else ""
    usual = now.supplier_of(code)
    title = f"Settings in force for {code}"
    if theirs and theirs != usual:
        title += f" if ordered from {now.names.get(theirs, theirs)}"
    elif usual:
        title += f", ordered from {now.names.get(usual, usual)}"
    _show_in_force(title, now.of_product(code, supplier_id=theirs), now, as_json=as_json)


def _show_in_force(
    title: str, found: "Sequence[EffectiveSetting]", now: "OrganisationSettings", *, as_json: bool
) -> None:
    """Print every setting of a product or a supplier with the level that its value comes from."""
    if as_json:
        show_json([_record(row) for row in found])
        return
    rows = [[*_shown(row, now.names), _other_levels(row, now.names)] for row in found]
    show_table(title, ["setting", "value", "unit", "level", "set by", "at", "other levels"], rows)


def _record(row: "EffectiveSetting") -> dict[str, Any]:
    change = row.change
    return {
        "name": row.setting.name,
        "value": row.value,
        "origin": row.origin,
        "unit": row.setting.unit,
        "changed_by": None if change is None else change.changed_by,
        "changed_at": None if change is None else change.changed_at,
        "reason": None if change is None else change.reason,
        "levels": dict(row.levels),
        "group": row.group or None,
        "other_groups": dict(row.other_groups),
    }


def _shown(row: "EffectiveSetting", names: Mapping[str, str]) -> list[Any]:
    """A setting, its value and unit, the level that it comes from, who set it and when."""
    change = row.change
    who: list[Any] = ["", None] if change is None else [change.changed_by, change.changed_at]
    return [row.setting.name, value_shown(row.setting.name, row.value, names), row.setting.unit, _level(row), *who]


def _level(row: "EffectiveSetting") -> str:
    """The level that a value comes from, with the group if it is one's."""
    return f"group {row.group}" if row.origin == "group" and row.group else row.origin


def _other_levels(row: "EffectiveSetting", names: Mapping[str, str]) -> str:
    others = {level: value for level, value in row.levels.items() if level != row.origin and value is not None}
    values = [f"{level} {value_shown(row.setting.name, value, names)}" for level, value in others.items()]
    values += [
        f"{group} says {value_shown(row.setting.name, value, names)}" for group, value in row.other_groups.items()
    ]
    return ", ".join(values)


def _show_all(now: "OrganisationSettings", *, as_json: bool) -> None:
    """Print the organisation's own settings with their defaults, then what is set for suppliers and products."""
    from pipelines.planning_settings.setting_descriptions import PARAMETERS

    explicit = sorted(now.in_force, key=lambda row: (row.level, row.subject, row.name))
    if as_json:
        show_json([*map(_default, PARAMETERS.values()), *map(_explicit, explicit)])
        return
    set_for = Counter((row.name, row.level) for row in explicit)
    rows = []
    for row in now.of_all():
        counts = [(set_for[row.setting.name, level], noun) for level, noun in _SET_FOR.items()]
        overrides = ", ".join(counted(*count) for count in counts if count[0])
        rows.append([*_shown(row, now.names), overrides])
    show_table(
        f"Settings of {now.opened.key}", ["setting", "value", "unit", "level", "set by", "at", "set for"], rows
    )  # fmt: skip
    others = [row for row in explicit if row.level != "global"]
    if others:
        _show_changes("Set for suppliers, groups and products", others[:SHOWN], now.names)
    say_rest(len(others), where="`stocktrim settings export FILE` writes all")


def _show_gone(now: "OrganisationSettings", *, as_json: bool) -> None:
    """Print the settings of products and suppliers that are gone, and those that name one."""
    found = list(now.gone())
    if as_json:
        show_json([{**_explicit(row), "why": why} for row, why in found])
        return
    rows, reasons = [row for row, _ in found], [why for _, why in found]
    _show_changes("Settings of what is gone", rows, now.names, why=reasons)


def _show_changes(
    title: str, rows: "Sequence[SettingChange]", names: Mapping[str, str], *, why: Sequence[str] = ()
) -> None:
    columns = ["level", "for", "setting", "value", "set by", "at"]
    texts = [
        [
            row.level, subject_shown(row.level, row.subject, names), row.name, value_shown(row.name, row.value, names),
            row.changed_by, row.changed_at,
        ]
        for row in rows
    ]  # fmt: skip
    if why:
        columns, texts = [*columns, "why"], [[*text, reason] for text, reason in zip(texts, why, strict=True)]
    show_table(title, columns, texts)


def _default(setting: "Parameter") -> dict[str, Any]:
    return {
        "level": "default", "subject": "", "name": setting.name, "value": setting.default, "changed_by": "",
        "changed_at": None, "reason": "",
    }  # fmt: skip


def _explicit(row: "SettingChange") -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if name not in {"batch", "product_id"}}
