"""Groups as people made them: kind, name, order, rules, and the products that they put in or keep out by hand.

What belongs here: a group folded from its changes, and finding one by name. What does not: the products that rules
name (`membership.py`), where changes are kept (`pipelines.store.setting_ledger.group_ledger`).
Read more in docs/buyer/groups.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pipelines.errors import UsageError
from pipelines.identities import Identities
from pipelines.nearest_names import unknown_name
from pipelines.product_codes import folded

KINDS: Final = ("category", "brand", "range", "parent", "forecast")
"""The usual kinds of groups; a person may use another word."""
DEFAULT_KIND: Final = "category"
IN, OUT = "in", "out"
LONGEST_NAME: Final = 200


@dataclass(frozen=True)
class GroupChange:
    """A change of a group: its name, kind or order, or one of its rules or products; without a value it is removed.

    `field` is name, kind, order, rule or member; `subject` is the rule's text or the product's code. `product_id` is
    Xero's id of that product. Changes that were made together have the same `batch`.
    """

    group_id: str
    field: str
    subject: str
    value: str | None
    changed_by: str
    changed_at: datetime
    reason: str = ""
    batch: int = 0
    product_id: str | None = None


@dataclass(frozen=True)
class Group:
    """A group of products.

    `members` are the changes by present product code, with the value in or out; `lost` those of products that Xero no
    longer has; `rules` the changes by rule text. Groups with an `order` come first, the smallest first.
    """

    group_id: str
    kind: str
    name: str
    order: int | None = None
    rules: Mapping[str, GroupChange] = field(default_factory=dict)
    members: Mapping[str, GroupChange] = field(default_factory=dict)
    lost: Sequence[GroupChange] = ()

    @property
    def title(self) -> str:
        """The kind and the name, which no other group has."""
        return f"{self.kind}: {self.name}"


def groups_of(history: Iterable[GroupChange], known: Identities) -> dict[str, Group]:
    """The groups that exist, by id, in their order."""
    latest: dict[str, dict[tuple[str, str], GroupChange]] = {}
    for change in history:
        latest.setdefault(change.group_id, {})[change.field, _place(change, known)] = change
    found = [_group(group_id, rows.values(), known) for group_id, rows in latest.items()]
    return {group.group_id: group for group in sorted((one for one in found if one.name), key=_rank)}


def find_group(groups: Mapping[str, Group], text: str) -> Group:
    """The group of an id, of a name, or of a kind and a name as in brand: Acme; capitals make no difference.

    Raises:
        UsageError: there is no such group, or several have this name.
    """
    return GroupNames(groups.values()).known(text)


class GroupNames:
    """Groups to find many in, by what they are called."""

    def __init__(self, groups: Iterable[Group]) -> None:
        self._by_id: dict[str, Group] = {}
        self._called: dict[str, list[Group]] = {}
        self._titled: dict[tuple[str, str], Group] = {}
        for group in groups:
            self.add(group)

    def add(self, group: Group) -> None:
        """Let a group be found."""
        self._by_id[group.group_id] = group
        self._titled.setdefault((folded(group.kind), folded(group.name)), group)
        for name in {folded(group.name), folded(group.title)}:
            self._called.setdefault(name, []).append(group)

    def titled(self, kind: str, name: str) -> Group | None:
        """The group of a kind and a name."""
        return self._titled.get((folded(kind), folded(name)))

    def called(self, text: str) -> Sequence[Group]:
        """The groups of an id, of a name, or of a kind and a name."""
        known = self._by_id.get(text.strip())
        return self._called.get(folded(text), []) if known is None else [known]

    def known(self, text: str) -> Group:
        """The only group that is called so.

        Raises:
            UsageError: there is no such group, or several have this name.
        """
        found = self.called(text)
        if len(found) > 1:
            titles = " or ".join(repr(group.title) for group in found)
            raise UsageError(f"Several groups are called {text!r}: give the kind too, {titles}.")
        if not found:
            raise UsageError(unknown_name("group", text, [group.title for group in self._by_id.values()]))
        return found[0]


def next_number(history: Iterable[GroupChange]) -> int:
    """The number of the next group; ids of removed groups are not used again."""
    return 1 + max((int(change.group_id[1:]) for change in history), default=0)


def product_of(change: GroupChange, known: Identities) -> str | None:
    """Xero's id of the product that a change is about; None for other changes, and if no load ever saw it."""
    if change.field != "member":
        return None
    return change.product_id or known.product_of(change.subject, change.changed_at)


def _place(change: GroupChange, known: Identities) -> str:
    return product_of(change, known) or change.subject


def _rank(group: Group) -> tuple[bool, int, str, str]:
    return (group.order is None, group.order or 0, group.name, group.group_id)


def _group(group_id: str, changes: Iterable[GroupChange], known: Identities) -> Group:
    values: dict[str, str] = {}
    rules: dict[str, GroupChange] = {}
    members: dict[str, GroupChange] = {}
    lost: list[GroupChange] = []
    for change in changes:
        if change.value is None:
            continue
        if change.field == "rule":
            rules[change.subject] = change
        elif change.field != "member":
            values[change.field] = change.value
        elif known.is_lost(product := product_of(change, known)):
            lost.append(change)
        else:
            members[change.subject if product is None else known.called(product)] = change
    order = values.get("order")
    return Group(
        group_id, values.get("kind", DEFAULT_KIND), values.get("name", ""), None if order is None else int(order),
        dict(sorted(rules.items())), dict(sorted(members.items())), lost,
    )  # fmt: skip
