"""`stocktrim settings`: what a plan uses, for the organisation, a supplier or a product, and what each setting means.

What belongs here: describing and showing. What does not: changing (`settings_change.py`), files (`settings_files.py`),
the past (`settings_past.py`).
Read more in docs/buyer/settings.md.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption
from stocktrim_cli.output import counted, out, show_json, show_table
from stocktrim_cli.runs import MINUS_IS_A_VALUE, JsonOption
from stocktrim_cli.settings_change import set_value, unset
from stocktrim_cli.settings_files import export_file, import_file
from stocktrim_cli.settings_now import SHOWN, SettingsNow, settings_now, value_shown
from stocktrim_cli.settings_past import history as show_past
from stocktrim_cli.settings_past import show_history, undo
from stocktrim_cli.settings_subjects import ProductOption, SupplierOption, supplier_names

if TYPE_CHECKING:
    from pipelines.planning_settings.setting_descriptions import Parameter
    from pipelines.store.setting_changes import SettingChange

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
            ["values", setting.form.allowed],
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
    gone: Annotated[
        bool, typer.Option("--gone", help="Settings of, or with, products and suppliers that are gone in Xero.")
    ] = False,
    history: Annotated[bool, typer.Option("--history", help="Every change, as `settings history` shows it.")] = False,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Show the settings in force for the organisation, a supplier or a product, and where each value was set.

    Example: `stocktrim settings show --product P-0001`
    """
    from pipelines.errors import UsageError
    from pipelines.store.setting_batches import with_old_values

    if sum(map(bool, (product, supplier, gone, history))) > 1:
        raise UsageError("Give one of --product, --supplier, --gone and --history.")
    now = settings_now(organisation)
    if history:
        show_history(list(with_old_values(now.history, now.known)), now, as_json=as_json)
    elif gone:
        _show_gone(now, as_json=as_json)
    elif product:
        code = now.subjects.find("product", product)
        subjects = {"product": code, "supplier": _supplier_of(code, now), "global": ""}
        _show_in_force(f"Settings in force for {code}", subjects, now, as_json=as_json)
    elif supplier:
        identity = now.subjects.find("supplier", supplier)
        name = supplier_names(now.opened).get(identity, identity)
        _show_in_force(f"Settings of {name}", {"supplier": identity, "global": ""}, now, as_json=as_json)
    else:
        _show_all(now, as_json=as_json)


settings.command(name="set", context_settings=MINUS_IS_A_VALUE)(set_value)
settings.command()(unset)
settings.command(name="import")(import_file)
settings.command(name="export")(export_file)
settings.command()(show_past)
settings.command()(undo)


def _supplier_of(product_code: str, now: SettingsNow) -> str:
    """The id of the supplier of a product in the next plan: the preferred one, else that of the last plan."""
    import polars as pl

    from pipelines.storage import tables
    from pipelines.storage.snapshots import read_published

    preferred = now.explicit.get(("product", product_code, "preferred_supplier"))
    if preferred:
        return preferred
    (products,) = read_published(now.opened.folder, tables.PRODUCTS)
    found = products.filter(pl.col("product_code") == product_code)["supplier_id"].drop_nulls()
    return str(found[0]) if len(found) else ""


def _show_in_force(title: str, subjects: Mapping[str, str], now: SettingsNow, *, as_json: bool) -> None:
    """Print every setting of a product or a supplier with the level that its value comes from."""
    from pipelines.planning_settings.setting_descriptions import PARAMETERS

    lowest = next(iter(subjects))
    settings_of_it = sorted(
        (setting for setting in PARAMETERS.values() if lowest in setting.levels), key=lambda setting: setting.name
    )
    rows = [_in_force(setting, subjects, now) for setting in settings_of_it]
    if as_json:
        show_json(rows)
        return
    names = supplier_names(now.opened)
    show_table(
        title, ["setting", "value", "unit", "level", "set by", "at", "other levels"],
        [
            [
                row["name"], value_shown(row["name"], row["value"], names), row["unit"], row["origin"],
                row["changed_by"], row["changed_at"], _other_levels(row, names),
            ]
            for row in rows
        ],
    )  # fmt: skip


def _in_force(setting: "Parameter", subjects: Mapping[str, str], now: SettingsNow) -> dict[str, Any]:
    """A setting with the value in force, the level that it comes from, and the value of every level."""
    by_place = now.by_place
    found = {level: by_place.get((level, subject, setting.name)) for level, subject in subjects.items()}
    origin, change = next(((level, row) for level, row in found.items() if row is not None), ("default", None))
    return {
        "name": setting.name,
        "value": setting.default if change is None else change.value,
        "origin": origin,
        "unit": setting.unit,
        "changed_by": None if change is None else change.changed_by,
        "changed_at": None if change is None else change.changed_at,
        "reason": None if change is None else change.reason,
        "levels": {level: None if row is None else row.value for level, row in found.items()}
        | {"default": setting.default},
    }


def _other_levels(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    others = {level: value for level, value in row["levels"].items() if level != row["origin"] and value is not None}
    return ", ".join(f"{level} {value_shown(row['name'], value, names)}" for level, value in others.items())


def _show_all(now: SettingsNow, *, as_json: bool) -> None:
    """Print the organisation's own settings with their defaults, then what is set for suppliers and products."""
    from pipelines.planning_settings.setting_descriptions import PARAMETERS

    rows = sorted(now.in_force, key=lambda row: (row.level, row.subject, row.name))
    if as_json:
        show_json([*map(_default, PARAMETERS.values()), *map(_explicit, rows)])
        return
    names = supplier_names(now.opened)
    overrides = Counter((row.name, row.level) for row in rows)
    shown = []
    for setting in PARAMETERS.values():
        row = _in_force(setting, {"global": ""}, now)
        counts = [(overrides[setting.name, level], level) for level in ("supplier", "product")]
        shown.append([
            setting.name, value_shown(setting.name, row["value"], names), setting.unit, row["origin"],
            row["changed_by"], row["changed_at"], ", ".join(counted(*count) for count in counts if count[0]),
        ])  # fmt: skip
    show_table(f"Settings of {now.opened.key}",
               ["setting", "value", "unit", "level", "set by", "at", "set for"], shown)  # fmt: skip
    others = [row for row in rows if row.level != "global"]
    if others:
        _show_changes("Set for suppliers and products", others[:SHOWN], names)
    if len(others) > SHOWN:
        out.print(f"… and {len(others) - SHOWN:,} more; `stocktrim settings export FILE` writes all.", markup=False)


def _show_gone(now: SettingsNow, *, as_json: bool) -> None:
    """Print the settings of products and suppliers that are gone, and those that name one."""
    found = [*((row, "no longer in Xero") for row in now.lost), *now.naming_what_is_gone()]
    if as_json:
        show_json([{**_explicit(row), "why": why} for row, why in found])
        return
    _show_changes("Settings of what is gone", [row for row, _ in found], supplier_names(now.opened),
                  why=[why for _, why in found])  # fmt: skip


def _show_changes(
    title: str, rows: "Sequence[SettingChange]", names: Mapping[str, str], *, why: Sequence[str] = ()
) -> None:
    columns = ["level", "for", "setting", "value", "set by", "at"]
    texts = [
        [
            row.level, names.get(row.subject, row.subject) if row.level == "supplier" else row.subject, row.name,
            value_shown(row.name, row.value, names), row.changed_by, row.changed_at,
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
