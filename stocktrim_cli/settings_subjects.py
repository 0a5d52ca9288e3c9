"""Whom a setting is for: the products and suppliers that options name, by their codes and names.

What belongs here: options, and finding subjects. What does not: changing settings (`settings_now.py`).
Read more in docs/buyer/settings.md.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    import polars as pl

    from pipelines.organisations.open_organisation import OpenOrganisation
    from pipelines.planning_settings.requested_settings import Subjects
    from pipelines.store.setting_changes import SettingChange

UNKNOWN_SUPPLIER: Final = "a supplier that Xero no longer has"
ProductOption = Annotated[str, typer.Option("--product", metavar="PRODUCT_CODE", help="For this product.")]
SupplierOption = Annotated[str, typer.Option("--supplier", metavar="NAME", help="For this supplier, by name or id.")]
ProductsOption = Annotated[
    list[str] | None, typer.Option("--product", metavar="PRODUCT_CODE", help="For this product; may be given again.")
]
SuppliersOption = Annotated[
    list[str] | None,
    typer.Option("--supplier", metavar="NAME", help="For this supplier itself, by name or id; may be given again."),
]
ProductsOfOption = Annotated[
    str, typer.Option("--products-of", metavar="NAME", help="For every product of this supplier.")
]
SearchOption = Annotated[
    str, typer.Option("--search", metavar="TEXT", help="For every product with these words in code or name.")
]


@dataclass(frozen=True)
class SubjectOptions:
    """The options of a command that say whom a setting is for; without any it is for the whole organisation."""

    products: Sequence[str] = ()
    suppliers: Sequence[str] = ()
    products_of: str = ""
    search: str = ""

    @property
    def are_many(self) -> bool:
        """Whether they can name more than one subject."""
        return bool(self.products_of or self.search) or len(self.products) + len(self.suppliers) > 1

    @property
    def are_empty(self) -> bool:
        """Whether they name no product and no supplier."""
        return not (self.products or self.suppliers or self.products_of or self.search)


def opened_organisation(organisation: str) -> "OpenOrganisation":
    """The opened organisation with this key."""
    from pipelines.organisations.open_organisation import open_organisation
    from pipelines.settings import read_settings

    return open_organisation(read_settings(), organisation)


def known_product(opened: "OpenOrganisation", code: str) -> str:
    """The product's code as Xero writes it."""
    return subjects_of(opened).find("product", code)


def supplier_id(opened: "OpenOrganisation", wanted: str) -> str:
    """The supplier's id, from its id or its name."""
    return subjects_of(opened).find("supplier", wanted)


def supplier_names(opened: "OpenOrganisation") -> dict[str, str]:
    """The names of suppliers by id: of the last load, of those archived or merged in Xero, and of those in orders.

    A supplier of a setting that is none of these is called `UNKNOWN_SUPPLIER`, since an id says nothing to a person.
    """
    from pipelines.storage import tables
    from pipelines.storage.snapshots import published_or_empty
    from pipelines.store.identity_history import identities_of
    from pipelines.store.setting_changes import setting_history

    suppliers = published_or_empty(opened.folder, tables.SUPPLIERS)
    history = setting_history(opened.store, opened.key)
    in_settings = [change.subject if change.level == "supplier" else change.value for change in history
                   if change.level == "supplier" or change.name == "preferred_supplier"]  # fmt: skip
    archived = {identity: state.name for identity, state in identities_of(opened.store, opened.key).contacts.items()}
    ordered = {order.supplier_id: order.supplier_name for order in opened.ledger.orders()}
    named = archived | ordered | dict(suppliers.select("supplier_id", "supplier_name").iter_rows())
    return dict.fromkeys(filter(None, in_settings), UNKNOWN_SUPPLIER) | {
        identity: name for identity, name in named.items() if name
    }


def product_names(opened: "OpenOrganisation") -> dict[str, str]:
    """The names of products by code; none before the first load."""
    from pipelines.storage import tables
    from pipelines.storage.snapshots import published_or_empty

    products = published_or_empty(opened.folder, tables.PRODUCTS)
    return {code: name for code, name in products.select("product_code", "product_name").iter_rows() if name}


def subjects_of(opened: "OpenOrganisation", in_force: "Iterable[SettingChange]" = ()) -> "Subjects":
    """The products and suppliers for which settings can be set, those with settings in force among them.

    Raises:
        NothingPublishedError: nothing was loaded yet.
    """
    from pipelines.planning_settings.requested_settings import Subjects
    from pipelines.product_codes import ProductCodes
    from pipelines.storage import tables
    from pipelines.storage.snapshots import read_published
    from pipelines.store.identity_history import identities_of

    products, suppliers = read_published(opened.folder, tables.PRODUCTS, tables.SUPPLIERS)
    changed = list(in_force)
    gone = supplier_names(opened) if changed else {}
    names = {identity: name or identity for identity, name in suppliers.select("supplier_id", "supplier_name").rows()}
    return Subjects(
        ProductCodes({*products["product_code"], *(row.subject for row in changed if row.level == "product")}),
        {row.subject: gone.get(row.subject, UNKNOWN_SUPPLIER) for row in changed if row.level == "supplier"} | names,
        {row.code: row.product_code for row in identities_of(opened.store, opened.key).former() if row.code},
    )


def subjects_named(
    opened: "OpenOrganisation", subjects: "Callable[[], Subjects]", options: SubjectOptions
) -> list[tuple[str, str]]:
    """The level and the subject of every setting that options are about.

    Raises:
        UsageError: one is not known, none is found, or products and suppliers are given at once.
    """
    from pipelines.errors import UsageError

    if options.suppliers and (options.products or options.products_of or options.search):
        raise UsageError("Give products or suppliers, not both; --supplier is the supplier itself.")
    if options.are_empty:
        return [("global", "")]
    known = subjects()
    if options.suppliers:
        return list(dict.fromkeys(("supplier", known.find("supplier", name)) for name in options.suppliers))
    codes = [known.find("product", code) for code in options.products]
    if options.products_of or options.search:
        codes += _searched(opened, known, options)
    return [("product", code) for code in dict.fromkeys(codes)]


def _searched(opened: "OpenOrganisation", subjects: "Subjects", options: SubjectOptions) -> list[str]:
    """The codes of the products of a supplier, with words in code or name, or both."""
    from pipelines.errors import UsageError
    from stocktrim_cli.plan_lines import contains_words

    products = _products(opened)
    if options.products_of:
        products = products.filter(supplier_id=subjects.find("supplier", options.products_of))
    if options.search:
        products = products.filter(contains_words(options.search))
    if products.is_empty():
        conditions = [f"is ordered from {options.products_of}"] if options.products_of else []
        conditions += [f"has {options.search!r} in its code or name"] if options.search else []
        raise UsageError(f"No product {' and '.join(conditions)}.")
    return products["product_code"].sort().to_list()


def _products(opened: "OpenOrganisation") -> "pl.DataFrame":
    from pipelines.storage import tables
    from pipelines.storage.snapshots import read_published

    return read_published(opened.folder, tables.PRODUCTS)[0]
