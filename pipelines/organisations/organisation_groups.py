"""The groups of an organisation as they are now: listed, changed, and which products are in them.

What belongs here: joining the store's changes with the products that were loaded. What does not: rules and rows
(`product_groups`), printing.
Read more in docs/buyer/groups.md.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from pipelines.identities import Identities
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.organisations.rule_attributes import published_attributes, rule_attributes
from pipelines.product_groups.groups import Group, GroupChange, find_group, groups_of, next_number
from pipelines.product_groups.membership import product_groups, products_in
from pipelines.product_groups.requested_groups import (
    GroupProposal,
    GroupRequest,
    ProposedGroupChange,
    propose_groups,
)
from pipelines.product_groups.rules import TRACKING, Attributes, Rule, parse_rule
from pipelines.storage import tables
from pipelines.storage.snapshots import published_or_empty
from pipelines.store.identity_history import identities_of
from pipelines.store.setting_ledger.group_ledger import change_groups, group_history

_OF_PUBLISHED = {"code_prefix", "name"}


@dataclass(frozen=True)
class OrganisationGroups:
    """All changes of an organisation's groups, and what follows from them."""

    opened: OpenOrganisation
    history: list[GroupChange]
    known: Identities
    is_reader: bool = False

    @cached_property
    def groups(self) -> dict[str, Group]:
        """The groups by id, in their order."""
        return groups_of(self.history, self.known)

    @cached_property
    def membership(self) -> pl.DataFrame:
        """Which products are in which group now, rules included: the shape of `parameters.product_groups`."""
        return product_groups(self.groups.values(), self.attributes)

    @cached_property
    def attributes(self) -> Attributes:
        """What the rules of all groups look at."""
        return self.attributes_for(parse_rule(text) for group in self.groups.values() for text in group.rules)

    def attributes_for(self, rules: Iterable[Rule]) -> Attributes:
        """What some rules look at; the warehouse is opened only if one asks for more than code and name.

        A reader does not open it, and has such rules as they were when the last plan was made.
        """
        rules = list(rules)
        kinds = {rule.kind for rule in rules}
        if kinds - _OF_PUBLISHED and self.is_reader:
            return published_attributes(self.opened.folder, rules)
        if kinds - _OF_PUBLISHED:
            with self.opened.warehouse() as warehouse:
                return rule_attributes(warehouse, is_tracking_asked=TRACKING in kinds)
        products = published_or_empty(self.opened.folder, tables.PRODUCTS).select("product_code", "product_name")
        return Attributes(products, pl.DataFrame(schema={"product_code": pl.String, "tracking": pl.String}))

    def find(self, text: str) -> Group:
        """The group of a name or an id.

        Raises:
            UsageError: there is none, or several could be meant.
        """
        return find_group(self.groups, text)

    def products_of(self, text: str) -> list[str]:
        """The codes of the products of the group of a name, sorted.

        Raises:
            UsageError: there is no such group.
        """
        return products_in(self.membership, self.find(text).group_id)

    def of_product(self, product_code: str) -> list[Group]:
        """The groups of a product, in their order."""
        rows = self.membership.filter(pl.col("product_code") == product_code)
        return [self.groups[group_id] for group_id in rows["group_id"]]

    def propose(
        self, requests: Iterable[GroupRequest], *, find_product: Callable[[str], str], may_create: bool = True
    ) -> GroupProposal:
        """What requests would change."""
        return propose_groups(
            requests, groups=self.groups, next_number=next_number(self.history), find_product=find_product,
            may_create=may_create,
        )  # fmt: skip

    def apply(self, proposed: Iterable[ProposedGroupChange], *, by: str, reason: str) -> list[GroupChange]:
        """Store proposed changes as one batch, all or none.

        Raises:
            GroupConflictError: somebody else has changed a group meanwhile.
        """
        at = self.opened.now()
        changes = [GroupChange(row.group_id, row.field, row.subject, row.new, by, at, reason) for row in proposed]
        return self.store(changes)

    def store(self, changes: Sequence[GroupChange]) -> list[GroupChange]:
        """Store changes as one batch, all or none.

        Raises:
            GroupConflictError: somebody else has changed a group meanwhile.
        """
        seen = max((change.batch for change in self.history), default=0)
        return change_groups(self.opened.store, self.opened.key, changes, seen=seen)


def organisation_groups(opened: OpenOrganisation, *, is_reader: bool = False) -> OrganisationGroups:
    """The groups of an organisation as they are now; a reader never opens the warehouse."""
    history, known = group_history(opened.store, opened.key), identities_of(opened.store, opened.key)
    return OrganisationGroups(opened, history, known, is_reader)
