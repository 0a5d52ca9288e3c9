"""What the commands of `stocktrim groups` share: options, the organisation's groups, tables in words.

What belongs here: options and printing. What does not: finding, changing and storing
(`pipelines.organisations.organisation_groups`).
Read more in docs/buyer/groups.md.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Annotated

import typer

from stocktrim_cli.chosen_organisation import command_for
from stocktrim_cli.output import counted, out, say, show_json, show_table
from stocktrim_cli.settings_options import SHOWN, opened_organisation, say_rest
from stocktrim_cli.who import person

if TYPE_CHECKING:
    import polars as pl

    from pipelines.organisations.organisation_groups import OrganisationGroups
    from pipelines.planning_settings.subjects import Subjects
    from pipelines.product_groups.groups import Group
    from pipelines.product_groups.requested_groups import GroupProposal, GroupRequest, ProposedGroupChange
    from pipelines.store.setting_ledger.setting_changes import SettingChange

GroupArgument = Annotated[
    str, typer.Argument(metavar="GROUP", help='Its name, with its kind if several have the name: "brand: Acme".')
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would change; change nothing.")]
WORDS = {
    "name": "name", "kind": "kind", "order": "order", "rule": "rule", "member": "product",
}  # fmt: skip


def groups_now(organisation: str) -> "OrganisationGroups":
    """The groups of an organisation as they are now."""
    from pipelines.organisations.organisation_groups import organisation_groups

    return organisation_groups(opened_organisation(organisation))


def products_in_group(organisation: str, group: str) -> list[str] | None:
    """The codes of the products that are in a group now; None without a group, which means all products."""
    return groups_now(organisation).products_of(group) if group else None


def of_products(rows: "pl.DataFrame", product_codes: list[str] | None) -> "pl.DataFrame":
    """The rows about some products, by `product_code`; all rows without any choice."""
    import polars as pl

    return rows if product_codes is None else rows.filter(pl.col("product_code").is_in(product_codes))


def settings_of_group(now: "OrganisationGroups", group: "Group") -> "list[SettingChange]":
    """What is set for a group itself."""
    from pipelines.organisations.settings_in_force.organisation_settings import settings_of

    return [row for row in settings_of(now.opened).in_force if (row.level, row.subject) == ("group", group.group_id)]


def product_finder(now: "OrganisationGroups") -> Callable[[str], str]:
    """The product that a person means, whatever its case; products are read when the first is looked for."""
    from pipelines.organisations.settings_in_force.organisation_settings import settings_of

    @cache
    def subjects() -> "Subjects":
        return settings_of(now.opened).subjects

    return lambda text: subjects().find("product", text)


def proposed(
    now: "OrganisationGroups", requests: "Sequence[GroupRequest]", *, may_create: bool = False
) -> "GroupProposal":
    """What requests would change; a request that cannot be met stops the command with its reason."""
    from pipelines.errors import UsageError

    found = now.propose(requests, find_product=product_finder(now), may_create=may_create)
    if found.faults:
        raise UsageError(found.faults[0].problem)
    for note in found.notes:
        say(note)
    return found


def carry_out(
    now: "OrganisationGroups", proposal: "GroupProposal", *, by: str, reason: str, is_dry: bool, as_json: bool
) -> None:
    """Store what was proposed and print it; or print it alone."""
    if not is_dry and proposal.changes:
        now.apply(proposal.changes, by=person(by), reason=reason)
    if as_json:
        show_json([vars(change) for change in proposal.changes])
        return
    if not proposal.changes:
        out.print("It is so already: nothing was changed.", markup=False)
        return
    show_changes("What would change" if is_dry else "Changed", proposal.changes)
    if is_dry:
        out.print(f"Nothing was changed. {counted(len(proposal.changes), 'thing')} would change.", markup=False)
    else:
        out.print(f"Next: {command_for(now.opened.key, 'plan')}", markup=False)


def show_changes(title: str, changes: "Sequence[ProposedGroupChange]") -> None:
    """Print old and new of groups, at most `SHOWN` rows."""
    rows = [
        [row.title, WORDS[row.field], row.subject, row.old or "none", row.new or "none"] for row in changes[:SHOWN]
    ]  # fmt: skip
    show_table(title, ["group", "what", "which", "old", "new"], rows)
    say_rest(len(changes))
