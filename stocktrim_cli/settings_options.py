"""What the commands of `stocktrim settings` share: options, the organisation's settings, values and tables in words.

What belongs here: options and printing. What does not: finding, changing and storing
(`pipelines.organisations.settings_in_force.organisation_settings`).
Read more in docs/buyer/settings.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from stocktrim_cli.chosen_organisation import command_for
from stocktrim_cli.output import out, show_table

if TYPE_CHECKING:
    from pipelines.organisations.open_organisation import OpenOrganisation
    from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
    from pipelines.planning_settings.setting_files.requested_settings import ProposedChange

SHOWN: Final = 50
"""The most rows of a table of changes or faults on a terminal."""
ProductOption = Annotated[str, typer.Option("--product", metavar="PRODUCT_CODE", help="For this product.")]
SupplierOption = Annotated[str, typer.Option("--supplier", metavar="NAME", help="For this supplier, by name or id.")]
ProductsOption = Annotated[
    list[str] | None, typer.Option("--product", metavar="PRODUCT_CODE", help="For this product; may be given again.")
]
SuppliersOption = Annotated[
    list[str] | None,
    typer.Option(
        "--supplier",
        metavar="NAME",
        help="For this supplier itself, by name or id, or with products: while they are ordered from it; may be given "
        "again.",
    ),
]
ProductsOfOption = Annotated[
    str, typer.Option("--products-of", metavar="NAME", help="For every product of this supplier.")
]
SearchOption = Annotated[
    str, typer.Option("--search", metavar="TEXT", help="For every product with these words in code or name.")
]
GroupOption = Annotated[
    str, typer.Option("--group", metavar="NAME", help="For this group, by its name or as kind: name.")
]
GroupsOption = Annotated[
    list[str] | None,
    typer.Option("--group", metavar="NAME", help="For this group itself, by name; may be given again."),
]
ProductsInOption = Annotated[
    str, typer.Option("--products-in", metavar="NAME", help="For every product that is in this group now.")
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Show old and new, and what the plan would change; change nothing.")
]


def what_next(organisation: str, names: Iterable[str]) -> str:
    """What to do after settings were changed: nothing if all of them hold at once."""
    from pipelines.planning_settings.setting_descriptions import AT_ONCE

    return "It holds at once." if set(names) <= AT_ONCE else f"Next: {command_for(organisation, 'plan')}"


def opened_organisation(organisation: str) -> "OpenOrganisation":
    """The opened organisation with this key."""
    from pipelines.organisations.open_organisation import open_organisation
    from pipelines.settings import read_settings

    return open_organisation(read_settings(), organisation)


def settings_now(organisation: str) -> "OrganisationSettings":
    """The settings of an organisation as they are now."""
    from pipelines.organisations.settings_in_force.organisation_settings import settings_of

    return settings_of(opened_organisation(organisation))


def subject_shown(level: str, subject: str, names: Mapping[str, str]) -> str:
    """Whom a setting is for: a product by its code, a supplier or a group by its name, a product and a supplier.

    >>> subject_shown("product_supplier", "TEA @ id-7", {"id-7": "Mill"})
    'TEA from Mill'
    """
    from pipelines.setting_subjects import product_in, supplier_in

    product, supplier = product_in(level, subject), supplier_in(level, subject)
    named = names.get(supplier, supplier)
    return f"{product} from {named}" if product and supplier else named or product or names.get(subject, subject)


def value_shown(name: str, value: str | None, names: Mapping[str, str]) -> str:
    """A value for a person: a supplier by its name, `none` for an empty value, `not set` for no value.

    >>> value_shown("preferred_supplier", "id-7", {"id-7": "Mill"}), value_shown("batch_size", None, {})
    ('Mill', 'not set')
    """
    if value is None:
        return "not set"
    return names.get(value, value) if name == "preferred_supplier" else value or "none"


def show_old_and_new(title: str, changes: "Sequence[ProposedChange]", names: Mapping[str, str]) -> None:
    """Print a table of old and new values, at most `SHOWN` rows."""
    rows = [
        [
            change.level, subject_shown(change.level, change.subject, names), change.name,
            value_shown(change.name, change.old, names), value_shown(change.name, change.new, names),
        ]
        for change in changes[:SHOWN]
    ]  # fmt: skip
    show_table(title, ["level", "for", "setting", "old", "new"], rows)
    say_rest(len(changes))


def say_rest(count: int, *, where: str = "--json has all of them") -> None:
    """Say how many rows a table leaves out, if any."""
    if count > SHOWN:
        out.print(f"… and {count - SHOWN:,} more; {where}.", markup=False)
