"""Products and suppliers keep what people set for them and what was sold, however Xero calls them by now."""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipelines.identities import ContactState, Identities
from pipelines.landing.identity_notes import former_products
from pipelines.product_codes import folded
from pipelines.storage import tables
from pipelines.store.engine import Store, open_store
from pipelines.store.identity_history import identities_of, remember_identities
from pipelines.store.setting_ledger.setting_changes import (
    SettingChange,
    explicit_settings,
    set_settings,
    setting_history,
    settings_without_subject,
)
from tests.dbt_project.conftest import Build
from tests.dbt_project.papers import TODAY, raw_of
from tests.dbt_project.papers import a_world as papers_world

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEYS = itertools.count(1)
CODES = ("MUG", "CUP", "TEA", "tea")
SUPPLIERS = ("Ann", "Bob", "Cid", "Dan")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path: Path = tmp_path_factory.mktemp("store") / "stocktrim.sqlite"
    store = open_store(f"sqlite:///{path}")
    yield store
    store.close()


@dataclass
class Product:
    """A product as a person knows it: its last code, the ids that it had, what was set for it and sold of it."""

    code: str
    ids: list[str]
    is_there: bool = True
    settings: dict[str, str] = field(default_factory=dict)
    sold: int = 0


@dataclass
class Company:
    """A Xero and the store that follows it, beside what plain memory says of both."""

    store: Store
    key: str = field(default_factory=lambda: f"company-{next(KEYS)}")
    products: list[Product] = field(default_factory=list)
    suppliers: dict[str, dict[str, str]] = field(default_factory=lambda: {name: {} for name in SUPPLIERS})
    merged: dict[str, str] = field(default_factory=dict)
    lines: list[tuple[str, str, int]] = field(default_factory=list)
    at: datetime = MONDAY
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def holder(self, code: str) -> Product | None:
        return next((product for product in self.products if product.is_there and product.code == code), None)

    def load(self) -> Identities:
        self.at += timedelta(hours=1)
        items = {product.ids[-1]: product.code for product in self.products if product.is_there}
        states = {old: ContactState(old, new, is_archived=True, seen_at=self.at) for old, new in self.merged.items()}
        return remember_identities(self.store, self.key, items=items, contacts=states, at=self.at)

    def make(self, code: str) -> None:
        """A new item; where the last one that had the code was deleted, it is that product again."""
        if self.holder(code):
            return
        last = [product for product in self.products if folded(product.code) == folded(code)]
        gone = [product for product in last if not product.is_there]
        again = gone[-1] if gone and len(last) == len(gone) == 1 else None
        if last and again is None:
            return  # whose successor it were, nobody could say
        identity = f"id {next(self._ids)}"
        if again is None:
            self.products.append(Product(code, [identity]))
        else:
            again.code, again.is_there = code, True
            again.ids.append(identity)

    def rename(self, code: str, new: str) -> None:
        product = self.holder(code)
        taken = {folded(known.code) for known in self.products if known is not product}
        if product and folded(new) not in taken:
            product.code = new

    def delete(self, code: str) -> None:
        if product := self.holder(code):
            product.is_there = False

    def sell(self, code: str, quantity: int) -> None:
        if product := self.holder(code):
            product.sold += quantity
            self.lines.append((product.ids[-1], code, quantity))

    def merge(self, old: str, new: str) -> None:
        if old != new and old not in self.merged and new not in self.merged:
            self.merged[old] = new
            self.suppliers[new] = self.suppliers.pop(old) | self.suppliers[new]
            for product in self.products:
                if product.settings.get("preferred_supplier") == old:
                    product.settings["preferred_supplier"] = new

    def set(self, level: str, subject: str, name: str, value: str | None) -> None:
        target = self.suppliers.get(subject) if level == "supplier" else getattr(self.holder(subject), "settings", None)
        if target is None or (name == "preferred_supplier" and value in self.merged):
            return
        self.at += timedelta(minutes=1)
        set_settings(self.store, self.key, [SettingChange(level, subject, name, value, "a buyer", self.at)])
        target[name] = value or ""
        if value is None:
            del target[name]


words = st.one_of(
    st.tuples(st.just("make"), st.sampled_from(CODES)),
    st.tuples(st.just("rename"), st.sampled_from(CODES), st.sampled_from((*CODES, "BOWL"))),
    st.tuples(st.just("delete"), st.sampled_from(CODES)),
    st.tuples(st.just("sell"), st.sampled_from(CODES), st.integers(1, 9)),
    st.tuples(st.just("merge"), st.sampled_from(SUPPLIERS), st.sampled_from(SUPPLIERS)),
    st.tuples(st.just("set"), st.just("product"), st.sampled_from(CODES), st.just("batch_size"),
              st.sampled_from(("2", "3", None))),
    st.tuples(st.just("set"), st.just("product"), st.sampled_from(CODES), st.just("preferred_supplier"),
              st.sampled_from(SUPPLIERS)),
    st.tuples(st.just("set"), st.just("supplier"), st.sampled_from(SUPPLIERS), st.just("lead_time_days"),
              st.sampled_from(("30", "60", None))),
)  # fmt: skip
many = settings(
    max_examples=400, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
some = settings(many, max_examples=40)
few = settings(many, max_examples=10)


def lived(store: Store, schedule: list[tuple[Any, ...]]) -> Company:
    """A company after these days, each ended by a load."""
    company = Company(store)
    for code in CODES[:3]:
        company.make(code)
    company.load()
    for word, *arguments in schedule:
        getattr(company, word)(*arguments)
        company.load()
    return company


@some
@given(schedule=st.lists(words, min_size=5, max_size=25))
def test_what_a_person_set_stays_with_the_product_and_the_supplier(
    kept: Store, schedule: list[tuple[Any, ...]]
) -> None:
    """Through any renaming, deleting, making again and merging; what is set for a product that is gone is listed."""
    check_settings(kept, schedule)


@pytest.mark.soak
@many
@given(schedule=st.lists(words, min_size=5, max_size=25))
def test_what_a_person_set_stays_through_hundreds_of_histories(kept: Store, schedule: list[tuple[Any, ...]]) -> None:
    check_settings(kept, schedule)


def check_settings(kept: Store, schedule: list[tuple[Any, ...]]) -> None:
    company = lived(kept, schedule)
    explicit = explicit_settings(kept, company.key)
    expected = {
        *(
            ("product", item.code, *pair)
            for item in company.products
            if item.is_there
            for pair in item.settings.items()
        ),
        *(("supplier", name, *pair) for name, its in company.suppliers.items() for pair in its.items()),
    }
    assert set(explicit.select("level", "subject", "name", "value").rows()) == expected
    gone = Counter(name for product in company.products if not product.is_there for name in product.settings)
    assert Counter(settings_without_subject(kept, company.key)["name"].to_list()) == gone


@few
@given(schedule=st.lists(words, min_size=5, max_size=25))
def test_demand_stays_with_the_product_and_is_neither_lost_nor_counted_twice(
    build: Build, kept: Store, schedule: list[tuple[Any, ...]]
) -> None:
    company = lived(kept, schedule)
    known = identities_of(kept, company.key)
    raw = raw_of(papers_world([], products=[]))
    raw[tables.XERO_ITEMS] = [
        {"item_id": item.ids[-1], "code": item.code} for item in company.products if item.is_there
    ]
    raw[tables.FORMER_PRODUCTS] = former_products(known).to_dicts()
    raw[tables.XERO_INVOICES] = [
        {"invoice_id": "1", "type": "ACCREC", "status": "PAID", "contact_id": "a customer", "invoice_date": TODAY}
    ]
    raw[tables.XERO_INVOICE_LINES] = [
        {"invoice_id": "1", "line_number": place, "item_id": item, "item_code": code, "quantity": Decimal(quantity)}
        for place, (item, code, quantity) in enumerate(company.lines)
    ]
    sold = {row["product_code"]: row["quantity"] for row in build(raw, "demand_daily")}
    assert {code: sold.pop(code) for code in list(sold) if company.holder(code)} == {
        product.code: product.sold for product in company.products if product.is_there and product.sold
    }
    assert sum(sold.values()) == sum(product.sold for product in company.products if not product.is_there)


def test_a_code_that_moved_on_takes_no_settings_with_it(kept: Store) -> None:
    """The mug was renamed and another item has its code now."""
    company = lived(kept, [("set", "product", "MUG", "batch_size", "6"), ("rename", "MUG", "BOWL")])
    company.products.append(Product("MUG", ["another"]))
    company.load()
    explicit = explicit_settings(kept, company.key)
    assert explicit.select("subject", "value").rows() == [("BOWL", "6")]


def test_a_deleted_products_settings_go_to_no_product_that_was_there_before(kept: Store) -> None:
    company = lived(kept, [("set", "product", "MUG", "batch_size", "6"), ("delete", "MUG")])
    cup = company.holder("CUP")
    assert cup is not None
    cup.code = "MUG"
    company.load()
    assert explicit_settings(kept, company.key).is_empty()
    assert settings_without_subject(kept, company.key)["subject"].to_list() == ["MUG"]


def test_bundles_and_successors_name_their_products_by_the_codes_of_now(kept: Store) -> None:
    company = lived(
        kept, [("set", "product", "MUG", "bundle_of", "CUP:2; TEA:1"), ("set", "product", "CUP", "successor_of", "TEA"),
               ("rename", "TEA", "LEAF"), ("rename", "CUP", "CUP-2")],
    )  # fmt: skip
    explicit = explicit_settings(kept, company.key).select("subject", "name", "value").rows()
    assert set(explicit) == {("MUG", "bundle_of", "CUP-2:2; LEAF:1"), ("CUP-2", "successor_of", "LEAF")}


def test_what_was_set_before_any_load_was_noted_is_the_first_product_of_the_code(kept: Store) -> None:
    """A store that an earlier version made knows no codes; the first load tells whose they are."""
    company = Company(kept)
    set_settings(kept, company.key, [SettingChange("product", "MUG", "batch_size", "6", "a buyer", MONDAY)])
    assert explicit_settings(kept, company.key)["subject"].to_list() == ["MUG"]
    company.make("MUG")
    company.load()
    company.rename("MUG", "BOWL")
    company.load()
    assert explicit_settings(kept, company.key)["subject"].to_list() == ["BOWL"]
    assert [change.subject for change in setting_history(kept, company.key)] == ["MUG"]


def test_a_suppliers_own_setting_wins_over_those_of_contacts_merged_into_it(kept: Store) -> None:
    company = lived(
        kept, [("set", "supplier", "Ann", "lead_time_days", "30"), ("set", "supplier", "Bob", "lead_time_days", "60"),
               ("merge", "Bob", "Ann"), ("merge", "Ann", "Cid")],
    )  # fmt: skip
    assert explicit_settings(kept, company.key).select("subject", "value").rows() == [("Cid", "30")]
    company.set("supplier", "Cid", "lead_time_days", None)
    assert explicit_settings(kept, company.key).is_empty()
