"""Rules by which products join a group by themselves: what a rule may ask, and which products it names.

What belongs here: one rule. What does not: groups and who is in them (`groups.py`, `membership.py`).
Read more in docs/buyer/groups.md.
"""

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

import polars as pl

from pipelines.errors import UsageError
from pipelines.nearest_names import unknown_name
from pipelines.product_codes import folded_text, folded_value

ACCOUNTS: Final = ("sales_account", "purchase_account", "inventory_account")
TRACKING: Final = "tracking"
KINDS: Final = {
    "code_prefix": "the code begins with it",
    "name": "the name contains it; * stands for anything, as in tea*250g",
    "sales_account": "Xero's sales account of the item",
    "purchase_account": "Xero's purchase account of the item",
    "inventory_account": "Xero's inventory account of the item",
    TRACKING: "a sales line has this tracking option, as in Region: North",
}
"""What a rule may ask of a product; capitals make no difference."""
LONGEST: Final = 200


class Rule(NamedTuple):
    """A rule: what it asks, and the value that a product must have."""

    kind: str
    value: str

    @property
    def text(self) -> str:
        """The rule as it is stored and shown.

        >>> Rule("tracking", "Region: North").text
        'tracking: Region: North'
        """
        return f"{self.kind}: {self.value}"


@dataclass(frozen=True)
class Attributes:
    """What rules look at: a row per product, and a row per product and tracking option of its sales lines.

    `products`: `product_code`, `product_name` and the columns of `ACCOUNTS`. `tracking`: `product_code`, `tracking`.
    """

    products: pl.DataFrame
    tracking: pl.DataFrame


def parse_rule(text: str) -> Rule:
    """A rule from its text.

    >>> parse_rule("Code prefix: TEA-")
    Rule(kind='code_prefix', value='TEA-')

    Raises:
        UsageError: there is no such kind of rule, or it has no value.
    """
    words, _, value = text.partition(":")
    kind = words.strip().lower().replace(" ", "_").replace("-", "_")
    if kind not in KINDS:
        raise UsageError(unknown_name("kind of rule", words.strip(), KINDS))
    value = value.strip()
    if not value or len(value) > LONGEST or not value.isprintable():
        raise UsageError(f"A rule has a value of 1 to {LONGEST} characters such as {Rule(kind, _EXAMPLES[kind]).text}.")
    return Rule(kind, value)


def products_by_rule(rule: Rule, attributes: Attributes) -> pl.Series:
    """The codes of the products that a rule names, whatever the case of letters and the form of accents."""
    if rule.kind == TRACKING:
        return attributes.tracking.filter(folded_text("tracking") == folded_value(rule.value))["product_code"].unique()
    return attributes.products.filter(_condition(rule))["product_code"]


_EXAMPLES: Final = {
    "code_prefix": "TEA-", "name": "green tea", "sales_account": "200", "purchase_account": "310",
    "inventory_account": "630", TRACKING: "Region: North",
}  # fmt: skip


def _condition(rule: Rule) -> pl.Expr:
    if rule.kind == "code_prefix":
        return folded_text("product_code").str.starts_with(folded_value(rule.value))
    if rule.kind == "name":
        pattern = ".*".join(re.escape(part) for part in folded_value(rule.value).split("*"))
        return folded_text("product_name").str.contains(f"(?s){pattern}")
    return folded_text(rule.kind) == folded_value(rule.value)
