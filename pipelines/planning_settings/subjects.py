"""The products, suppliers and groups that settings are for, found by what a person typed.

What belongs here: finding them, and saying what is near. What does not: the settings that they get
(`requested_settings.py`), how a subject is stored as text (`pipelines.setting_subjects`).
Read more in docs/buyer/settings.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Final

from pipelines.errors import UsageError
from pipelines.nearest_names import unknown_name
from pipelines.product_codes import ProductCodes, folded
from pipelines.product_groups.groups import Group, GroupNames
from pipelines.setting_subjects import ProductSupplier

# Looking for a similar code compares it with all codes.
_MOST_SEARCHES: Final = 25


class SubjectError(UsageError):
    """A subject is not found or not whole; `column` is the column of a file that is wrong."""

    def __init__(self, problem: str, *, column: str) -> None:
        super().__init__(problem)
        self.column = column


@dataclass
class Subjects:
    """The products, suppliers and groups for which settings can be set.

    `suppliers` are names by id; `former` are the present codes of products by codes that they had before.
    """

    products: ProductCodes
    suppliers: Mapping[str, str]
    former: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    _found: dict[tuple[str, str], str | UsageError] = field(default_factory=dict)
    _searches: int = 0

    def find(self, level: str, text: str, *, supplier: str = "") -> str:
        """The subject as it is stored: a product's code, a contact's id, a group's id, or a product with its supplier.

        Raises:
            UsageError: there is none of that name, or several could be meant.
        """
        if level == "product_supplier":
            return self._both(text, supplier)
        if supplier.strip():
            raise SubjectError(
                f"Only level product_supplier has a supplier beside its subject, but {supplier!r} is given.",
                column="supplier",
            )
        if level == "global":
            if text.strip():
                raise UsageError(f"A setting for the whole organisation has no subject, but {text!r} is given.")
            return ""
        return self._found_once(level, text)

    def _both(self, text: str, supplier: str) -> str:
        """A product and one of its suppliers, of which both must be named."""
        if not supplier.strip():
            raise SubjectError(
                "Name the supplier too: the setting is for a product of one supplier.", column="supplier"
            )
        product_code = self._found_once("product", text)
        try:
            return ProductSupplier(product_code, self._found_once("supplier", supplier)).text
        except UsageError as unknown:
            raise SubjectError(str(unknown), column="supplier") from None

    def _found_once(self, level: str, text: str) -> str:
        """What a text names at a level, looked for once."""
        if (level, text) not in self._found:
            find = {"product": self._product, "supplier": self._supplier, "group": self._group}[level]
            try:
                self._found[level, text] = find(text)
            except UsageError as unknown:
                self._found[level, text] = unknown
        found = self._found[level, text]
        if isinstance(found, UsageError):
            raise found
        return found

    def _product(self, text: str) -> str:
        found = self.products.find(text)
        if found is not None:
            return found
        if padded := self.products.with_zeros(text):
            raise UsageError(f"There is no product {text!r}; did a spreadsheet drop the zeros before {padded[0]!r}?")
        if text.strip() in self.former:
            raise UsageError(f"There is no product {text!r}: its code in Xero is {self.former[text.strip()]!r} now.")
        raise UsageError(f"There is no product {text!r}; load first if it is new in Xero.{self._nearest(text)}")

    def _nearest(self, text: str) -> str:
        self._searches += 1
        if self._searches > _MOST_SEARCHES:
            return ""
        nearest = get_close_matches(text, sorted(self.products.codes), n=1)
        return f" The nearest code is {nearest[0]!r}." if nearest else ""

    def _supplier(self, text: str) -> str:
        """The id of the only supplier of a name, or the id itself."""
        names = self.suppliers
        wanted = text.strip()
        if wanted in names:
            return wanted
        found = [identity for identity in self._suppliers_called.get(folded(wanted), []) if names[identity] == wanted]
        found = found or self._suppliers_called.get(folded(wanted), [])
        if len(found) > 1:
            raise UsageError(f"Several suppliers are called {text!r}: give one of their ids, {' or '.join(found)}.")
        if not found:
            self._searches += 1
            near = names.values() if self._searches <= _MOST_SEARCHES else ()
            raise UsageError(unknown_name("supplier", text, near) if near else f"There is no supplier {text!r}.")
        return found[0]

    def _group(self, text: str) -> str:
        return self._group_names.known(text).group_id

    @cached_property
    def _group_names(self) -> GroupNames:
        return GroupNames(self.groups.values())

    @cached_property
    def _suppliers_called(self) -> Mapping[str, list[str]]:
        """The ids of the suppliers of each name, whatever its case and the form of its accents."""
        found: dict[str, list[str]] = {}
        for identity, name in self.suppliers.items():
            found.setdefault(folded(name), []).append(identity)
        return found
