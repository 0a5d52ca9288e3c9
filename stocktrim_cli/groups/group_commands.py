"""`stocktrim groups`: categories, brands, ranges and the like; which products are in them, by hand and by rule.

What belongs here: listing and showing. What does not: changing (`change_groups.py`), files (`group_files.py`).
Read more in docs/buyer/groups.md.
"""

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption, command_for
from stocktrim_cli.groups.change_groups import add, drop, order, remove, rename, rule
from stocktrim_cli.groups.group_files import export_file, import_file
from stocktrim_cli.groups.group_options import WORDS, GroupArgument, groups_now, settings_of_group
from stocktrim_cli.output import out, show_json, show_table
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.settings_options import SHOWN, say_rest

if TYPE_CHECKING:
    from pipelines.organisations.organisation_groups import OrganisationGroups
    from pipelines.product_groups.groups import Group

groups = typer.Typer(help="Groups of products: brands, categories, ranges.", no_args_is_help=True)


@groups.command(name="list")
def show_all(*, organisation: OrganisationOption = DEFAULT_ORGANISATION, as_json: JsonOption = False) -> None:
    """List the groups in their order, with their rules and how many products they have.

    Example: `stocktrim groups list`
    """
    now = groups_now(organisation)
    count = Counter(now.membership.select("group_id", "joined_by").iter_rows())
    records = [_record(group, count) for group in now.groups.values()]
    if as_json:
        show_json(records)
        return
    if not records:
        out.print(f"There is no group yet: {command_for(organisation, 'groups add GROUP PRODUCT')} makes one.")
        return
    columns = ["order", "kind", "group", "products", "by hand", "by rule", "rules"]
    show_table(
        f"Groups of {now.opened.key}; of groups that set the same setting the first decides", columns,
        [
            [row["order"], row["kind"], row["name"], row["products"], row["by_hand"], row["by_rule"],
             "; ".join(row["rules"])]
            for row in records
        ],
        numbers=["order", "products", "by hand", "by rule"],
    )  # fmt: skip


@groups.command()
def show(
    group: GroupArgument, *, organisation: OrganisationOption = DEFAULT_ORGANISATION, as_json: JsonOption = False
) -> None:
    """Show a group: its rules, its settings, its products and how each got there.

    Example: `stocktrim groups show "brand: Acme"`
    """
    import polars as pl

    now = groups_now(organisation)
    found = now.find(group)
    own = settings_of_group(now, found)
    rows = now.membership.filter(pl.col("group_id") == found.group_id)
    kept_out = {code: row for code, row in found.members.items() if row.value == "out"}
    if as_json:
        members = rows.select("product_code", "joined_by", "group_rule", "set_by", "set_at").to_dicts()
        show_json({
            **_record(found, Counter(rows.select("group_id", "joined_by").iter_rows())),
            "settings": {row.name: row.value for row in own}, "members": members,
            "kept_out": sorted(kept_out), "no_longer_in_xero": sorted(row.subject for row in found.lost),
        })  # fmt: skip
        return
    _show_rules(found, now)
    if own:
        show_table("Settings", ["setting", "value", "set by", "at"],
                   [[row.name, row.value, row.changed_by, row.changed_at] for row in own])  # fmt: skip
    shown = [
        [row["product_code"], row["group_rule"] or "by hand", row["set_by"], row["set_at"]]
        for row in rows.head(SHOWN).to_dicts()
    ]
    shown += [[code, "kept out by hand", row.changed_by, row.changed_at] for code, row in kept_out.items()]
    shown += [[row.subject, "no longer in Xero", row.changed_by, row.changed_at] for row in found.lost]
    if not shown:
        out.print(f"{found.title} has no products yet.", markup=False)
        return
    show_table(f"{found.title}: {rows.height:,} products", ["product", "how", "set by", "at"], shown)
    say_rest(rows.height)


@groups.command()
def history(
    group: Annotated[str, typer.Argument(metavar="[GROUP]", help="Its name; without one, all groups.")] = "",
    *,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Show every change of groups: who, when, what and why, the latest last.

    Example: `stocktrim groups history "brand: Acme"`
    """
    now = groups_now(organisation)
    wanted = now.find(group).group_id if group else ""
    changes = [row for row in now.history if wanted in {"", row.group_id}]
    if as_json:
        show_json([vars(row) for row in changes])
        return
    names = {row.group_id: row.value for row in now.history if row.field == "name" and row.value}
    show_table(
        f"Changes of groups of {now.opened.key}", ["change", "at", "by", "group", "what", "which", "value", "reason"],
        [
            [row.batch, row.changed_at, row.changed_by, names.get(row.group_id, row.group_id), WORDS[row.field],
             row.subject, "none" if row.value is None else row.value, row.reason]
            for row in changes
        ],
        numbers=["change"],
    )  # fmt: skip


groups.command()(add)
groups.command()(remove)
groups.command()(drop)
groups.command()(rename)
groups.command()(order)
groups.command()(rule)
groups.command(name="import")(import_file)
groups.command(name="export")(export_file)


def _record(group: "Group", count: Counter[Any]) -> dict[str, Any]:
    by_hand, by_rule = count[group.group_id, "hand"], count[group.group_id, "rule"]
    return {
        "group_id": group.group_id, "kind": group.kind, "name": group.name, "order": group.order,
        "products": by_hand + by_rule, "by_hand": by_hand, "by_rule": by_rule, "rules": list(group.rules),
    }  # fmt: skip


def _show_rules(group: "Group", now: "OrganisationGroups") -> None:
    """Print the rules of a group, and how many products each names."""
    from pipelines.product_groups.rules import parse_rule, products_by_rule

    rows = [
        [text, products_by_rule(parse_rule(text), now.attributes).len(), change.changed_by, change.changed_at]
        for text, change in group.rules.items()
    ]
    if rows:
        show_table(f"Rules of {group.title}", ["rule", "products", "set by", "at"], rows, numbers=["products"])
