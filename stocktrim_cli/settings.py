"""`stocktrim settings`: what a plan uses, for the organisation, a supplier or a product.

Read more in docs/interfaces.md.
"""

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption, command_for
from stocktrim_cli.output import out, show_json, show_table
from stocktrim_cli.runs import MINUS_IS_A_VALUE, JsonOption

if TYPE_CHECKING:
    from pipelines.organisations.open_organisation import OpenOrganisation

settings = typer.Typer(help="Show and set lead times, service levels and the like.", no_args_is_help=True)

ProductOption = Annotated[str, typer.Option("--product", metavar="PRODUCT_CODE", help="For this product.")]
SupplierOption = Annotated[str, typer.Option("--supplier", metavar="NAME", help="For this supplier, by name or id.")]


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
    history: Annotated[bool, typer.Option("--history", help="Show every change, with who and when.")] = False,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Show all settings with their defaults, or those in force for a product.

    Example: `stocktrim settings show --product P-0001`
    """
    from pipelines.store.setting_changes import explicit_settings, setting_history

    opened = opened_organisation(organisation)
    if history:
        changes = [vars_of(change) for change in setting_history(opened.store, opened.key)]
        _print(f"Changes of settings of {organisation}", changes, opened, as_json=as_json)
    elif product:
        code = known_product(opened, product)
        _print(f"Settings in force for {code}", _of_product(opened, code), opened, as_json=as_json)
    else:
        rows = explicit_settings(opened.store, opened.key).to_dicts()
        _print(f"Settings of {organisation}", _defaults() + rows, opened, as_json=as_json)


@settings.command(name="set", context_settings=MINUS_IS_A_VALUE)
def set_value(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The setting, such as lead_time_days.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="The value, such as 21 or 95%.")],
    *,
    product: ProductOption = "",
    supplier: SupplierOption = "",
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who sets it; default: your login name.")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Set a setting for the organisation, a supplier or a product; the next plan uses it.

    Example: `stocktrim settings set lead_time_days 21 --supplier "Supplier 07" --reason "new port"`
    """
    from pipelines.planning_settings.registry import parse_setting

    opened = opened_organisation(organisation)
    level, subject = _level(opened, product=product, supplier=supplier)
    text = parse_setting(name, value, level)
    if name == "preferred_supplier":
        text = supplier_id(opened, text)
    elif level == "product":
        text = _fitting(opened, name, text, subject)
    _change(opened, level=level, subject=subject, name=name, value=text, by=by, reason=reason, as_json=as_json)


@settings.command()
def unset(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The setting.")],
    *,
    product: ProductOption = "",
    supplier: SupplierOption = "",
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who removes it; default: your login name.")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Remove a setting: the value of the next level applies again.

    Example: `stocktrim settings unset lead_time_days --product P-0001`
    """
    from pipelines.planning_settings.registry import check_name
    from pipelines.store.setting_changes import settings_without_subject

    opened = opened_organisation(organisation)
    gone = settings_without_subject(opened.store, opened.key)["subject"].to_list()
    level, subject = ("product", product) if product in gone else _level(opened, product=product, supplier=supplier)
    check_name(name, level)
    _change(opened, level=level, subject=subject, name=name, value=None, by=by, reason=reason, as_json=as_json)


def vars_of(record: object) -> dict[str, Any]:
    """A frozen record as a dictionary."""
    return dict(vars(record))


def opened_organisation(organisation: str) -> "OpenOrganisation":
    """The opened organisation with this key."""
    from pipelines.organisations.open_organisation import open_organisation
    from pipelines.settings import read_settings

    return open_organisation(read_settings(), organisation)


def _change(
    opened: "OpenOrganisation",
    *,
    level: str,
    subject: str,
    name: str,
    value: str | None,
    by: str,
    reason: str,
    as_json: bool,
) -> None:
    from pipelines.store.setting_changes import SettingChange, set_setting

    change = SettingChange(level, subject, name, value, by or getpass.getuser(), opened.now(), reason)
    set_setting(opened.store, opened.key, change)
    if as_json:
        show_json(vars_of(change))
    else:
        shown = _with_names(vars_of(change), supplier_names(opened))
        target = f" for {level} {shown['subject']}" if subject else ""
        now = f"{name} is {'unset' if value is None else shown['value']}{target}."
        out.print(f"{now} Next: {command_for(opened.key, 'plan')}", markup=False)


def _level(opened: "OpenOrganisation", *, product: str, supplier: str) -> tuple[str, str]:
    from pipelines.errors import UsageError

    if product and supplier:
        raise UsageError("Give --product or --supplier, not both.")
    if product:
        return "product", known_product(opened, product)
    if supplier:
        return "supplier", supplier_id(opened, supplier)
    return "global", ""


def known_product(opened: "OpenOrganisation", code: str) -> str:
    """The product's code as Xero writes it."""
    from pipelines import product_codes

    return product_codes.known_product(_product_codes(opened), code)


def _product_codes(opened: "OpenOrganisation") -> list[str]:
    from pipelines.storage import tables
    from pipelines.storage.snapshots import read_published

    (products,) = read_published(opened.folder, tables.PRODUCTS)
    return products["product_code"].to_list()


def _fitting(opened: "OpenOrganisation", name: str, text: str, product: str) -> str:
    from pipelines.planning_settings.validation import fit_setting
    from pipelines.store.setting_changes import explicit_settings

    explicit = explicit_settings(opened.store, opened.key)
    return fit_setting(name, text, product, products=_product_codes(opened), explicit=explicit)


def supplier_id(opened: "OpenOrganisation", wanted: str) -> str:
    """The supplier's id, from its id or its name."""
    from pipelines.errors import UsageError
    from pipelines.nearest_names import unknown_name
    from pipelines.storage import tables
    from pipelines.storage.snapshots import read_published

    (suppliers,) = read_published(opened.folder, tables.SUPPLIERS)
    found = [row["supplier_id"] for row in suppliers.to_dicts() if wanted in {row["supplier_id"], row["supplier_name"]}]
    if not found:
        raise UsageError(unknown_name("supplier", wanted, suppliers["supplier_name"].drop_nulls()))
    if len(found) > 1:
        raise UsageError(f"Several suppliers are called {wanted!r}; the table `suppliers` has their ids to choose by.")
    return str(found[0])


def supplier_names(opened: "OpenOrganisation") -> dict[str, str]:
    """The names of suppliers by id; none before the first load."""
    from pipelines.storage import tables
    from pipelines.storage.snapshots import published_or_empty

    suppliers = published_or_empty(opened.folder, tables.SUPPLIERS)
    return dict(suppliers.select("supplier_id", "supplier_name").iter_rows())


def _with_names(row: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """A setting with suppliers' names instead of ids."""
    named = {"subject"} if row.get("level") == "supplier" else set()
    if row["name"] == "preferred_supplier":
        named.add("value")
    return {key: names.get(value, value) if key in named else value for key, value in row.items()}


def _of_product(opened: "OpenOrganisation", product: str) -> list[dict[str, Any]]:
    import polars as pl

    from pipelines.planning_settings.registry import settings_of_products, with_defaults
    from pipelines.storage import tables
    from pipelines.storage.snapshots import read_published
    from pipelines.store.setting_changes import explicit_settings

    (products,) = read_published(opened.folder, tables.PRODUCTS)
    in_force = with_defaults(explicit_settings(opened.store, opened.key))
    return (
        settings_of_products(products.filter(pl.col("product_code") == product), in_force)
        .drop("product_code")
        .to_dicts()
    )


def _defaults() -> list[dict[str, Any]]:
    from pipelines.planning_settings.setting_descriptions import PARAMETERS

    return [
        {
            "level": "default",
            "subject": "",
            "name": parameter.name,
            "value": parameter.default,
            "changed_by": "",
            "changed_at": None,
        }
        for parameter in PARAMETERS.values()
    ]


def _print(title: str, rows: list[dict[str, Any]], opened: "OpenOrganisation", *, as_json: bool) -> None:
    if as_json:
        show_json(rows)
    else:
        columns = list(rows[0]) if rows else ["name", "value"]
        names = supplier_names(opened)
        show_table(title, columns, [list(_with_names(row, names).values()) for row in rows])
