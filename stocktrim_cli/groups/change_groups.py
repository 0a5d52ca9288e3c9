"""`stocktrim groups add`, `remove`, `drop`, `rename`, `order` and `rule`: groups changed by hand.

Read more in docs/buyer/groups.md.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption
from stocktrim_cli.groups.group_options import (
    DryRunOption,
    GroupArgument,
    carry_out,
    groups_now,
    proposed,
    settings_of_group,
)
from stocktrim_cli.output import counted, out
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.settings_options import ProductsOfOption, ReasonOption, SearchOption, settings_now
from stocktrim_cli.who import ByOption

if TYPE_CHECKING:
    from pipelines.organisations.organisation_groups import OrganisationGroups

ProductsArgument = Annotated[list[str] | None, typer.Argument(metavar="[PRODUCT]...", help="Codes of products.")]
KindOption = Annotated[
    str,
    typer.Option("--kind", metavar="KIND", help="category, brand, range, parent, forecast or a word of your own."),
]


def add(
    group: GroupArgument,
    products: ProductsArgument = None,
    *,
    kind: KindOption = "",
    products_of: ProductsOfOption = "",
    search: SearchOption = "",
    by: ByOption = "",
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Put products into a group by hand; a group that does not exist is made.

    Example: `stocktrim groups add "brand: Acme" P-0001 P-0002`
    """
    from pipelines.product_groups.requested_groups import GroupRequest

    codes = _codes(organisation, products, products_of=products_of, search=search)
    now = groups_now(organisation)
    requests = [GroupRequest(group, kind=kind), *(GroupRequest(group, "member", code, "in", kind) for code in codes)]
    proposal = proposed(now, requests, may_create=True)
    carry_out(now, proposal, by=by, reason=reason, is_dry=dry_run, as_json=as_json)


def remove(
    group: GroupArgument,
    products: ProductsArgument = None,
    *,
    products_of: ProductsOfOption = "",
    search: SearchOption = "",
    by: ByOption = "",
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Take products out of a group; those that a rule names are kept out by hand from now on.

    Example: `stocktrim groups remove "brand: Acme" P-0002`
    """
    from pipelines.errors import UsageError
    from pipelines.product_groups.requested_groups import GroupRequest

    codes = _codes(organisation, products, products_of=products_of, search=search)
    if not codes:
        raise UsageError("Name the products; `stocktrim groups drop GROUP` removes the group itself.")
    now = groups_now(organisation)
    named = _named_by_rules(now, group)
    requests = [GroupRequest(group, "member", code, "out" if code in named else None) for code in codes]
    carry_out(now, proposed(now, requests), by=by, reason=reason, is_dry=dry_run, as_json=as_json)


def drop(
    group: GroupArgument,
    *,
    by: ByOption = "",
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Remove a group; its products stay, and its settings are no longer in force.

    Example: `stocktrim groups drop "brand: Acme"`
    """
    from pipelines.product_groups.requested_groups import GroupProposal, ProposedGroupChange

    now = groups_now(organisation)
    found = now.find(group)
    change = ProposedGroupChange(found.group_id, found.title, "name", "", found.name, None)
    carry_out(now, GroupProposal([change], []), by=by, reason=reason, is_dry=dry_run, as_json=as_json)
    settings = settings_of_group(now, found)
    if settings and not as_json:
        out.print(f"{counted(len(settings), 'setting')} of it: `stocktrim settings show --gone` lists them.")


def rename(
    group: GroupArgument,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="The new name.")] = "",
    *,
    kind: KindOption = "",
    by: ByOption = "",
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Give a group another name or kind; its settings stay.

    Example: `stocktrim groups rename "brand: Acme" "Acme & Sons"`
    """
    from pipelines.errors import UsageError
    from pipelines.product_groups.requested_groups import GroupRequest

    if not (name or kind):
        raise UsageError("Give the new name, or --kind.")
    now = groups_now(organisation)
    requests = [GroupRequest(group, what, "", text) for what, text in (("name", name), ("kind", kind)) if text]
    carry_out(now, proposed(now, requests), by=by, reason=reason, is_dry=dry_run, as_json=as_json)


def order(
    group: GroupArgument,
    place: Annotated[str, typer.Argument(metavar="NUMBER", help="1 comes first; none puts it after all others.")],
    *,
    by: ByOption = "",
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Say which group decides if two groups of a product set the same setting: the one with the smallest number.

    Groups without a number come after those with one, by name.

    Example: `stocktrim groups order "brand: Acme" 1`
    """
    from pipelines.product_groups.requested_groups import GroupRequest

    now = groups_now(organisation)
    request = GroupRequest(group, "order", "", None if place.strip().lower() == "none" else place)
    carry_out(now, proposed(now, [request]), by=by, reason=reason, is_dry=dry_run, as_json=as_json)


def rule(
    group: GroupArgument,
    text: Annotated[str, typer.Argument(metavar="RULE", help='Such as "code_prefix: TEA-" or "name: green tea".')],
    *,
    kind: KindOption = "",
    is_removed: Annotated[bool, typer.Option("--remove", help="Remove this rule.")] = False,
    by: ByOption = "",
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Let products join a group by themselves: by code_prefix, name, tracking, or an account of the item in Xero.

    The accounts are sales_account, purchase_account and inventory_account. Several rules of a group each add products.

    Example: `stocktrim groups rule "range: Tea" "code_prefix: TEA-"`
    """
    from pipelines.product_groups.requested_groups import GroupRequest

    now = groups_now(organisation)
    requests = [GroupRequest(group, kind=kind), GroupRequest(group, "rule", text, None if is_removed else "in", kind)]
    proposal = proposed(now, requests, may_create=not is_removed)
    carry_out(now, proposal, by=by, reason=reason, is_dry=dry_run, as_json=as_json)
    if not is_removed and not as_json:
        out.print(_reach(now, text), markup=False)


def _reach(now: "OrganisationGroups", text: str) -> str:
    """How many products a rule names now, as a sentence."""
    from pipelines.product_groups.rules import parse_rule, products_by_rule

    rule_of = parse_rule(text)
    attributes = now.attributes_for([rule_of])
    named, products = products_by_rule(rule_of, attributes).len(), attributes.products.height
    if not named:
        return f"The rule names none of {counted(products, 'product')} now."
    return f"The rule names {'all' if named == products else f'{named:,}'} of {counted(products, 'product')} now."


def _codes(organisation: str, products: list[str] | None, *, products_of: str, search: str) -> list[str]:
    """The codes of the products that a person names, or that meet the conditions."""
    from pipelines.organisations.settings_in_force.chosen_subjects import SubjectFilter

    chosen = SubjectFilter(products or [], products_of=products_of, search=search)
    return [] if chosen.is_empty else [code for _, code, _ in settings_now(organisation).find(chosen)]


def _named_by_rules(now: "OrganisationGroups", group: str) -> set[str]:
    """The codes of the products that the rules of a group name."""
    from pipelines.product_groups.rules import parse_rule, products_by_rule

    return {code for text in now.find(group).rules for code in products_by_rule(parse_rule(text), now.attributes)}
