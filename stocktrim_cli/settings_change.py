"""`stocktrim settings set` and `unset`: for the organisation, for suppliers, or for many products at once.

What belongs here: the two commands, and what they say. What does not: files (`settings_files.py`), undoing
(`settings_past.py`).
Read more in docs/buyer/settings.md.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption, command_for
from stocktrim_cli.output import counted, out, show_json
from stocktrim_cli.runs import JsonOption
from stocktrim_cli.settings_dry_run import show_dry_run
from stocktrim_cli.settings_options import (
    DryRunOption,
    GroupsOption,
    ProductsInOption,
    ProductsOfOption,
    ProductsOption,
    ReasonOption,
    SearchOption,
    SuppliersOption,
    settings_now,
    subject_shown,
    value_shown,
    what_next,
)
from stocktrim_cli.who import ByOption, person

if TYPE_CHECKING:
    from pipelines.organisations.settings_in_force.chosen_subjects import SubjectFilter
    from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
    from pipelines.store.setting_ledger.setting_changes import SettingChange

_NOUNS: Final = {"product_supplier": "product"}
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The setting, such as lead_time_days.")]


@dataclass(frozen=True)
class _Wish:
    """A setting to be set (or, without a text, removed) for some subjects, and how to go about it."""

    name: str
    text: str | None
    chosen: "SubjectFilter"
    by: str
    reason: str
    is_dry: bool
    as_json: bool


def set_value(
    name: NameArgument,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="The value, such as 21, 95% or none.")],
    *,
    product: ProductsOption = None,
    supplier: SuppliersOption = None,
    group: GroupsOption = None,
    products_of: ProductsOfOption = "",
    products_in: ProductsInOption = "",
    search: SearchOption = "",
    by: ByOption = "",
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Set a setting for the organisation, suppliers, groups or products, all or none; the next plan uses it.

    With --product and --supplier it holds for the product while it is ordered from that supplier.

    Example: `stocktrim settings set lead_time_days 21 --supplier "Supplier 07" --reason "new port"`
    """
    from pipelines.organisations.settings_in_force.chosen_subjects import SubjectFilter

    chosen = SubjectFilter(product or [], supplier or [], products_of, search, group or [], products_in)
    _grant(_Wish(name, value, chosen, by, reason, dry_run, as_json), settings_now(organisation))


def unset(
    name: NameArgument,
    *,
    product: ProductsOption = None,
    supplier: SuppliersOption = None,
    group: GroupsOption = None,
    products_of: ProductsOfOption = "",
    products_in: ProductsInOption = "",
    search: SearchOption = "",
    by: ByOption = "",
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Remove a setting: the value of the next level applies again.

    Example: `stocktrim settings unset lead_time_days --product P-0001`
    """
    from pipelines.organisations.settings_in_force.chosen_subjects import SubjectFilter

    chosen = SubjectFilter(product or [], supplier or [], products_of, search, group or [], products_in)
    _grant(_Wish(name, None, chosen, by, reason, dry_run, as_json), settings_now(organisation))


def _grant(wish: _Wish, now: "OrganisationSettings") -> None:
    """Do what a person wants, or say what would be done, or why it cannot be done."""
    from pipelines.errors import UsageError
    from pipelines.planning_settings.registry import known_setting
    from pipelines.planning_settings.setting_files.requested_settings import SettingRequest
    from pipelines.setting_subjects import ProductSupplier

    known_setting(wish.name)
    if wish.text is None and (lost := _lost(wish, now)):
        _forget(wish, lost, now)
        return
    found = now.find(wish.chosen)
    proposal = now.propose([
        SettingRequest(level, subject, wish.name, wish.text, supplier=supplier) for level, subject, supplier in found
    ])  # fmt: skip
    if proposal.faults:
        raise UsageError(proposal.faults[0].problem)
    if wish.is_dry:
        show_dry_run(proposal, now, as_json=wish.as_json)
        return
    made = now.apply(proposal.changes, by=person(wish.by), reason=wish.reason)
    targets = [
        (level, ProductSupplier(subject, supplier).text if supplier else subject) for level, subject, supplier in found
    ]
    if wish.as_json:
        records = _records(wish, targets, made, now)
        show_json(records if wish.chosen.is_many else records[0])
    else:
        out.print(_sentence(wish, targets, made, now), markup=False)


def _lost(wish: _Wish, now: "OrganisationSettings") -> "list[SettingChange]":
    """The settings to remove of products that Xero no longer has, if the options name no others."""
    from pipelines.setting_subjects import product_in

    codes = set(wish.chosen.products)
    suppliers = {now.subjects.find("supplier", name) for name in wish.chosen.suppliers} if codes else set()
    lost = [
        row for row in now.lost
        if row.name == wish.name and product_in(row.level, row.subject) in codes and _is_meant(row, suppliers)
    ]  # fmt: skip
    are_all = codes == {product_in(row.level, row.subject) for row in lost}
    return lost if are_all and replace(wish.chosen, products=(), suppliers=()).is_empty else []


def _is_meant(row: "SettingChange", suppliers: Collection[str]) -> bool:
    """Whether a product's setting is one with these suppliers; without any, whether it is the product's own."""
    from pipelines.setting_subjects import supplier_in

    supplier = supplier_in(row.level, row.subject)
    return supplier in suppliers if suppliers else not supplier


def _forget(wish: _Wish, lost: "Sequence[SettingChange]", now: "OrganisationSettings") -> None:
    """Remove settings of products that Xero no longer has."""
    from pipelines.planning_settings.setting_files.requested_settings import Proposal, ProposedChange

    by, at = person(wish.by), now.opened.now()
    changes = [replace(row, value=None, changed_by=by, changed_at=at, reason=wish.reason) for row in lost]
    if wish.is_dry:
        proposed = [ProposedChange(row.level, row.subject, row.name, row.value, None) for row in lost]
        show_dry_run(Proposal(proposed, []), now, as_json=wish.as_json)
        return
    made = now.store(changes)
    if wish.as_json:
        show_json(vars(made[0]) if len(made) == 1 else [vars(change) for change in made])
    else:
        names = now.names
        targets = ", ".join(subject_shown(change.level, change.subject, names) for change in made)
        out.print(f"{wish.name} is unset for product {targets}, which Xero no longer has.", markup=False)


def _records(
    wish: _Wish, targets: Sequence[tuple[str, str]], made: "Sequence[SettingChange]", now: "OrganisationSettings"
) -> list[dict[str, Any]]:
    """The change of each subject with what it replaced; what was so already has the change that made it so."""
    from pipelines.store.setting_ledger.setting_changes import SettingChange

    before = {(row.level, row.subject): row for row in now.in_force if row.name == wish.name}
    after = before | {(row.level, row.subject): row for row in made}
    records = []
    for target in targets:
        nothing = SettingChange(*target, wish.name, None, "", now.opened.now())
        old = before.get(target)
        records.append({**vars(after.get(target, nothing)), "old": old.value if old else None})
    return records


def _sentence(
    wish: _Wish, targets: Sequence[tuple[str, str]], made: "Sequence[SettingChange]", now: "OrganisationSettings"
) -> str:
    """What was done, and for how many."""
    (level, subject), *others = targets
    names = now.names
    value = made[0].value if made else now.explicit.get((level, subject, wish.name))
    is_now = "unset" if value is None else value_shown(wish.name, value, names)
    single = f" for {_NOUNS.get(level, level)} {subject_shown(level, subject, names)}" if subject else ""
    target = f" for {counted(len(targets), _NOUNS.get(level, level))}" if others else single
    if not made:
        return f"{wish.name} is {is_now}{target} already: nothing was changed."
    already = f" ({len(targets) - len(made):,} had it already)" if len(made) < len(targets) else ""
    undo = f" {command_for(now.opened.key, 'settings undo')} takes it back." if others else ""
    return f"{wish.name} is {is_now}{target}{already}.{undo} {what_next(now.opened.key, [wish.name])}"
