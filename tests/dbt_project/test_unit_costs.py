"""What a unit costs, whatever the papers say of tax, discount, currency and free units, against plain Python."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipelines.storage import tables
from tests.dbt_project.conftest import Build
from tests.dbt_project.papers import Paper, a_world, in_days, raw_of
from tests.end_to_end import recomputing
from xero_sandbox.core.documents import Document, Line, World

few = settings(
    max_examples=25, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
THEN = datetime(2026, 1, 1, tzinfo=UTC)
PRICES = st.sampled_from(("0", "0", "0.0040", "0.01", "2.5", "13.37", "999.9999", "-1"))
lines = st.lists(
    st.builds(
        lambda code, quantity, price, discount, tax: Line(
            "", code, "", Decimal(quantity), Decimal(price), Decimal(discount), Decimal(0), "NONE",
            round(Decimal(quantity) * Decimal(price) * (100 - Decimal(discount)) / 100 * Decimal(tax), 2),
        ),
        st.sampled_from(("MUG", "CUP")), st.sampled_from(("10", "2", "1", "0.5", "10631", "0", "-1")), PRICES,
        st.sampled_from(("0", "0", "20", "33.3333", "100")), st.sampled_from(("0", "0.15")),
    ),
    min_size=1, max_size=4,
)  # fmt: skip
purchases = st.lists(
    st.tuples(
        st.sampled_from((("PURCHASEORDER", "AUTHORISED"), ("PURCHASEORDER", "DELETED"), ("PURCHASEORDER", "BILLED"),
                         ("ACCPAY", "AUTHORISED"), ("ACCPAY", "PAID"), ("ACCPAY", "DRAFT"), ("ACCPAY", "VOIDED"))),
        st.integers(-60, 0), lines, st.sampled_from(("Exclusive", "Inclusive", "NoTax")),
        st.sampled_from((("GBP", "1"), ("GBP", "1"), ("USD", "1.25"), ("EUR", "0"))),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


def bought(papers: list[Any]) -> World:
    world = a_world([])
    for place, ((kind, status), days, sold, tax_mode, (currency, rate)) in enumerate(papers):
        shelf = world.purchase_orders if kind == "PURCHASEORDER" else world.invoices
        shelf[f"document {place:04}"] = Document(
            document_id=f"document {place:04}", kind=kind, number=f"N{place:04}", status=status, contact_id="Mug Works",
            date=in_days(days), lines=sold, updated_at=THEN, line_amount_types=tax_mode, currency_code=currency,
            currency_rate=Decimal(rate),
        )  # fmt: skip
    return world


@few
@given(papers=purchases)
def test_a_unit_costs_what_was_paid_for_it_and_a_cost_without_a_rate_is_not_known(
    build: Build, papers: list[Any]
) -> None:
    world = bought(papers)
    costs = recomputing.unit_costs(world)
    for row in build(raw_of(world), "products"):
        rate, code = row["currency_rate"], row["product_code"]
        if row["unit_cost_source"] == "unknown":
            assert (code not in costs or rate is None, row["unit_cost"]) == (True, 0)
        elif rate is not None:
            assert float(row["unit_cost"]) == pytest.approx(costs[code] * float(rate), abs=0.00005001, rel=1e-9)


def a_purchase(**fields: Any) -> list[Any]:
    line = Line("", "MUG", "", Decimal(10), Decimal("13.37"), Decimal(20))
    return [(fields.get("of", ("PURCHASEORDER", "AUTHORISED")), -1, fields.get("lines", [line]), "Exclusive",
             fields.get("in", ("GBP", "1")))]  # fmt: skip


def test_a_discounted_order_line_costs_what_is_left_after_the_discount(build: Build) -> None:
    mug = next(row for row in build(raw_of(bought(a_purchase())), "products") if row["product_code"] == "MUG")
    assert (mug["unit_cost"], mug["unit_cost_source"]) == (Decimal("10.6960"), "purchase_order")


@pytest.mark.parametrize("of", [("PURCHASEORDER", "AUTHORISED"), ("ACCPAY", "PAID")])
@pytest.mark.parametrize(("mode", "cost"), [("Inclusive", 10), ("Exclusive", "11.5"), ("NoTax", "11.5")])
def test_tax_that_is_inside_an_amount_is_no_cost(build: Build, of: tuple[str, str], mode: str, cost: str) -> None:
    taxed = Line("", "MUG", "", Decimal(10), Decimal("11.50"), Decimal(0), Decimal(0), "NONE", Decimal("15.00"))
    world = bought([(of, -1, [taxed], mode, ("GBP", "1"))])
    mug = next(row for row in build(raw_of(world), "products") if row["product_code"] == "MUG")
    assert mug["unit_cost"] == Decimal(cost)


def test_a_rate_is_never_that_of_another_currency(build: Build) -> None:
    """Paid in euros since an order of unknown rate: the cost in euros is known, its worth at home is not."""
    line = [Line("", "MUG", "", Decimal(10), Decimal(5))]
    bills = [(("PURCHASEORDER", "BILLED"), -30, line, "Exclusive", ("GBP", "1")),
             (("PURCHASEORDER", "AUTHORISED"), -1, line, "Exclusive", ("EUR", "0"))]  # fmt: skip
    raw = raw_of(bought(bills))
    raw[tables.XERO_PURCHASE_ORDERS] = [
        row | ({"currency_rate": None} if row["currency_code"] == "EUR" else {})
        for row in raw[tables.XERO_PURCHASE_ORDERS]
    ]
    mug = next(row for row in build(raw, "products") if row["product_code"] == "MUG")
    assert (mug["unit_cost"], mug["currency"], mug["currency_rate"]) == (5, "EUR", None)


def test_ten_and_two_free_cost_the_money_of_ten_over_twelve(build: Build) -> None:
    free = [Line("", "MUG", "", Decimal(10), Decimal(6)), Line("", "MUG", "", Decimal(2), Decimal(0))]
    mug = next(row for row in build(raw_of(bought(a_purchase(lines=free))), "products") if row["product_code"] == "MUG")
    assert mug["unit_cost"] == 5


def test_the_supplier_is_still_whom_it_was_last_had_from_also_for_nothing(build: Build) -> None:
    world = a_world([Paper("PURCHASEORDER", "AUTHORISED", "Mug Works", "MUG", -9, 1)])
    world.purchase_orders["free"] = Document(
        document_id="free", kind="PURCHASEORDER", number="N9", status="AUTHORISED", contact_id="Cup Mill",
        date=in_days(-1), lines=[Line("", "MUG", "", Decimal(2), Decimal(0))], updated_at=THEN,
    )  # fmt: skip
    mug = next(row for row in build(raw_of(world), "products") if row["product_code"] == "MUG")
    assert (mug["supplier_id"], mug["unit_cost"]) == ("Cup Mill", 2)
