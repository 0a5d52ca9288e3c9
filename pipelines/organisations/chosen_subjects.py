"""Whom a person wants to set something for, by the options of a command: all, suppliers, products, or many at once.

What belongs here: the choice, and the subjects that it comes to. What does not: finding one by its name
(`pipelines.planning_settings.subjects`).
Read more in docs/buyer/settings.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.errors import UsageError
from pipelines.planning_settings.subjects import Subjects
from pipelines.product_codes import contains_words


@dataclass(frozen=True)
class SubjectFilter:
    """Whom a setting is for: products by code, suppliers by name or id, or the products that meet every condition.

    Products and suppliers together are the products as they are bought from these suppliers. Without any it is for the
    whole organisation.
    """

    products: Sequence[str] = ()
    suppliers: Sequence[str] = ()
    products_of: str = ""
    search: str = ""

    @property
    def names_products(self) -> bool:
        """Whether it is about products."""
        return bool(self.products or self.products_of or self.search)

    @property
    def is_many(self) -> bool:
        """Whether it can find more than one subject."""
        return bool(self.products_of or self.search) or len(self.products) > 1 or len(self.suppliers) > 1

    @property
    def is_empty(self) -> bool:
        """Whether it is for the whole organisation."""
        return not (self.names_products or self.suppliers)


def chosen_subjects(chosen: SubjectFilter, subjects: Subjects, products: pl.DataFrame) -> list[tuple[str, str, str]]:
    """The level, the subject and, of level product_supplier, the supplier of every setting that a choice is about.

    `products` has the shape of `marts.products`.

    Raises:
        UsageError: one is not known, or none is found.
    """
    suppliers = list(dict.fromkeys(subjects.find("supplier", name) for name in chosen.suppliers))
    if not chosen.names_products:
        return [("supplier", supplier, "") for supplier in suppliers]
    codes = [subjects.find("product", code) for code in chosen.products]
    codes += _matching(chosen, subjects, products) if chosen.products_of or chosen.search else []
    codes = list(dict.fromkeys(codes))
    if not suppliers:
        return [("product", code, "") for code in codes]
    return [("product_supplier", code, supplier) for code in codes for supplier in suppliers]


def _matching(chosen: SubjectFilter, subjects: Subjects, products: pl.DataFrame) -> list[str]:
    """The codes of the products of a supplier, with words in code or name, or both."""
    if chosen.products_of:
        products = products.filter(supplier_id=subjects.find("supplier", chosen.products_of))
    if chosen.search:
        products = products.filter(contains_words(chosen.search))
    if products.is_empty():
        conditions = [f"is ordered from {chosen.products_of}"] if chosen.products_of else []
        conditions += [f"has {chosen.search!r} in its code or name"] if chosen.search else []
        raise UsageError(f"No product {' and '.join(conditions)}.")
    return products["product_code"].sort().to_list()
