"""Whom a person wants to set something for, by the options of a command: all, suppliers, products, or many at once.

What belongs here: the choice, and the subjects that it comes to. What does not: finding one by its name
(`pipelines.planning_settings.subjects`).
Read more in docs/buyer/settings.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.errors import UsageError
from pipelines.planning_settings.subjects import Subjects
from pipelines.product_codes import contains_words


@dataclass(frozen=True)
class SubjectFilter:
    """Whom a setting is for: products by code, suppliers or groups by name, or products that meet every condition.

    Products and suppliers together are the products as they are bought from these suppliers. Without any it is for the
    whole organisation.
    """

    products: Sequence[str] = ()
    suppliers: Sequence[str] = ()
    products_of: str = ""
    search: str = ""
    groups: Sequence[str] = ()
    in_group: str = ""

    @property
    def names_products(self) -> bool:
        """Whether it is about products."""
        return bool(self.products) or self.has_conditions

    @property
    def has_conditions(self) -> bool:
        """Whether it is about the products that meet some conditions."""
        return bool(self.products_of or self.search or self.in_group)

    @property
    def is_many(self) -> bool:
        """Whether it can find more than one subject."""
        return self.has_conditions or max(len(self.products), len(self.suppliers), len(self.groups)) > 1

    @property
    def is_empty(self) -> bool:
        """Whether it is for the whole organisation."""
        return not (self.names_products or self.suppliers or self.groups)


def chosen_subjects(
    chosen: SubjectFilter, subjects: Subjects, products: pl.DataFrame, products_of_group: Callable[[str], list[str]]
) -> list[tuple[str, str, str]]:
    """The level, the subject and, of level product_supplier, the supplier of every setting that a choice is about.

    `products` has the shape of `marts.products`; `products_of_group` are the codes of a group by its name.

    Raises:
        UsageError: one is not known, none is found, or a group is given beside products or suppliers.
    """
    if chosen.groups:
        if chosen.names_products or chosen.suppliers:
            raise UsageError("Give groups or products, not both; --products-in are the products of a group.")
        return [("group", group, "") for group in dict.fromkeys(subjects.find("group", name) for name in chosen.groups)]
    suppliers = list(dict.fromkeys(subjects.find("supplier", name) for name in chosen.suppliers))
    if not chosen.names_products:
        return [("supplier", supplier, "") for supplier in suppliers]
    codes = [subjects.find("product", code) for code in chosen.products]
    if chosen.in_group:
        products = products.filter(pl.col("product_code").is_in(products_of_group(chosen.in_group)))
    codes += _matching(chosen, subjects, products) if chosen.has_conditions else []
    codes = list(dict.fromkeys(codes))
    if not suppliers:
        return [("product", code, "") for code in codes]
    return [("product_supplier", code, supplier) for code in codes for supplier in suppliers]


def _matching(chosen: SubjectFilter, subjects: Subjects, products: pl.DataFrame) -> list[str]:
    """The codes of the products that are of a supplier, have words in code or name and are in a group, as wanted."""
    if chosen.products_of:
        products = products.filter(supplier_id=subjects.find("supplier", chosen.products_of))
    if chosen.search:
        products = products.filter(contains_words(chosen.search))
    if products.is_empty():
        conditions = [f"is ordered from {chosen.products_of}"] if chosen.products_of else []
        conditions += [f"has {chosen.search!r} in its code or name"] if chosen.search else []
        conditions += [f"is in the group {chosen.in_group}"] if chosen.in_group else []
        raise UsageError(f"No product {' and '.join(conditions)}.")
    return products["product_code"].sort().to_list()
