"""Whom a setting is for, as one text: a product's code, a contact's id, a group's id, or a product and a supplier.

What belongs here: the text of a product and a supplier together. What does not: finding them by what a person typed
(`pipelines.planning_settings.subjects`).
Read more in docs/buyer/settings.md.
"""

from typing import Final, NamedTuple

_BETWEEN: Final = " @ "
PRODUCT_IN: Final = rf"(?s)^(.*){_BETWEEN}\S+$"
"""The pattern whose first group is the product's code in the text of a `ProductSupplier`."""
SUPPLIER_IN: Final = rf"(?s)^.*{_BETWEEN}(\S+)$"
"""The pattern whose first group is the supplier's id in the text of a `ProductSupplier`."""


class ProductSupplier(NamedTuple):
    """A product as it is bought from one supplier: the subject of the level `product_supplier`."""

    product_code: str
    supplier_id: str

    @property
    def text(self) -> str:
        """The subject as it is stored and published.

        >>> ProductSupplier("TEA @ HOME", "id-7").text
        'TEA @ HOME @ id-7'
        """
        return f"{self.product_code}{_BETWEEN}{self.supplier_id}"


def product_and_supplier(subject: str) -> ProductSupplier:
    """The product and the supplier of a text; ids of contacts have no spaces, codes may.

    >>> product_and_supplier("TEA @ HOME @ id-7")
    ProductSupplier(product_code='TEA @ HOME', supplier_id='id-7')
    """
    code, _, supplier = subject.rpartition(_BETWEEN)
    return ProductSupplier(code, supplier)


def product_in(level: str, subject: str) -> str:
    """The code of the product that a subject of a level names; empty if it names none."""
    if level == "product":
        return subject
    return product_and_supplier(subject).product_code if level == "product_supplier" else ""


def supplier_in(level: str, subject: str) -> str:
    """The id of the supplier that a subject of a level names; empty if it names none."""
    if level == "supplier":
        return subject
    return product_and_supplier(subject).supplier_id if level == "product_supplier" else ""
