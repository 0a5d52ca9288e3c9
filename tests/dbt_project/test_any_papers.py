"""The marts of organisations with any documents, against plain Python on the same documents."""

from collections import defaultdict, deque
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipelines.planning_settings.successors_and_bundles import demand_transfers
from pipelines.replenishment.lead_times import known_receipts
from pipelines.storage import tables
from tests.dbt_project.conftest import Build
from tests.dbt_project.papers import TODAY, Paper, Rows, a_world, in_days, raw_of
from tests.end_to_end import recomputing
from xero_sandbox.core.documents import World

few = settings(
    max_examples=10, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
SOLD = ("SET", "BOX", "OLD", "MUG", "NEW", "CUP", "TEA")
STATUSES = ("DRAFT", "SUBMITTED", "AUTHORISED", "PAID", "ARCHIVED", "VOIDED", "DELETED", "MYSTERY")
sales_papers = st.lists(
    st.builds(
        Paper, st.sampled_from(("ACCREC", "ACCREC", "ACCRECCREDIT")), st.sampled_from(STATUSES),
        st.sampled_from(("Ann", "Bob")), st.sampled_from(("MUG", "CUP")), st.integers(-70, 5),
        st.sampled_from((1, 2, 3, 5, 9, 9, 0, -2, -9)), st.just(""), st.just({}),
    ),
    min_size=5, max_size=40,
)  # fmt: skip
dates = st.fixed_dictionaries(
    {
        "delivery_date": st.none() | st.integers(-5, 5),
        "expected_arrival_date": st.none() | st.integers(-5, 20),
    }
)
order_papers = st.builds(
    Paper, st.just("PURCHASEORDER"), st.sampled_from(("DRAFT", "SUBMITTED", "AUTHORISED", "BILLED", "DELETED")),
    st.sampled_from(("Mug Works", "Cup Mill")), st.sampled_from(("MUG", "CUP")), st.integers(-60, 0),
    st.integers(1, 9), st.just(""), dates,
)  # fmt: skip
bill_papers = st.builds(
    Paper, st.just("ACCPAY"), st.sampled_from(("DRAFT", "AUTHORISED", "PAID", "VOIDED")),
    st.sampled_from(("Mug Works", "Cup Mill")), st.sampled_from(("MUG", "CUP")), st.integers(-60, 0),
    st.integers(1, 9), st.sampled_from(("SI-1", "SI-2", "order N0001", "N0002")), st.just({}),
)  # fmt: skip


@few
@given(papers=sales_papers)
def test_sales_and_credit_notes_of_any_status_and_day_count_by_the_stated_rule(
    build: Build, papers: list[Paper]
) -> None:
    """Drafts count, voided ones do not, a future invoice counts on its day, a credit note only for sales before it."""
    world = a_world(papers)
    found = {
        (row["product_code"], row["demand_date"]): row["quantity"]
        for row in build(raw_of(world), "demand_daily")
        if row["quantity"]
    }
    assert found == {key: float(quantity) for key, quantity in recomputing.demand(world).items()}


PARTS = {"SET": {"CUP": 2, "TEA": 1}, "BOX": {"SET": 6}, "OLD": {"MUG": 1}, "MUG": {"NEW": 1}}


@few
@given(papers=st.lists(
    st.one_of(
        st.builds(Paper, st.just("ACCREC"), st.sampled_from(STATUSES), st.just("Ann"), st.sampled_from(SOLD),
                  st.just(-3), st.integers(1, 9), st.just(""), st.just({})),
        st.builds(Paper, st.just("PURCHASEORDER"), st.sampled_from(("DRAFT", "AUTHORISED", "BILLED")),
                  st.just("Mug Works"), st.sampled_from(SOLD), st.just(-3), st.integers(1, 9), st.just(""),
                  st.just({"delivery_date": None})),
    ),
    min_size=1, max_size=20,
))  # fmt: skip
def test_what_is_committed_and_on_order_counts_where_its_demand_does(build: Build, papers: list[Paper]) -> None:
    """A bundle of bundles at its last parts, a successor's predecessor at the last successor, nothing twice."""
    raw = raw_of(a_world(papers, products=SOLD))
    set_by_people = [("SET", "bundle_of", "CUP:2; TEA:1"), ("BOX", "bundle_of", "SET:6"),
                     ("MUG", "successor_of", "OLD"), ("NEW", "successor_of", "MUG")]  # fmt: skip
    raw[tables.PLANNING_SETTINGS] += [
        {"level": "product", "subject": code, "name": name, "value": value} for code, name, value in set_by_people
    ]
    frame = pl.DataFrame(raw[tables.PLANNING_SETTINGS], schema=tables.PLANNING_SETTINGS.schema)
    raw[tables.DEMAND_TRANSFERS] = demand_transfers(frame, SOLD).to_dicts()
    committed: dict[str, float] = defaultdict(float)
    on_order: dict[str, float] = defaultdict(float)
    for paper in papers:
        is_sale = paper.kind == "ACCREC"
        if paper.status in ({"DRAFT", "SUBMITTED"} if is_sale else recomputing.OPEN_ORDERS):
            for code, units in exploded(paper.product).items():
                (committed if is_sale else on_order)[code] += units * paper.quantity
    found = build(raw, "stock_position")
    assert {row["product_code"]: (row["stock_committed"], row["stock_on_order"]) for row in found} == {
        code: (committed[code], on_order[code]) for code in SOLD
    }
    ordered = sum(2 * paper.quantity for paper in papers if paper.kind != "ACCREC" and paper.status != "BILLED")
    assert sum(row["value"] for row in build(raw, "stock_on_order")) == pytest.approx(ordered, abs=0.3)


def exploded(code: str) -> dict[str, int]:
    """What a unit of a product is in the end."""
    if code not in PARTS:
        return {code: 1}
    found: dict[str, int] = defaultdict(int)
    for part, units in PARTS[code].items():
        for last, each in exploded(part).items():
            found[last] += units * each
    return found


def demanded(build: Build, raw: Rows) -> list[tuple[str, float]]:
    """Each product and day on which there is demand, as the product and the quantity."""
    days = build(raw, "demand_daily")
    return [(row["product_code"], row["quantity"]) for row in days if row["quantity"]]


def a_sale(contact: str, days: int, quantity: int, *, status: str = "PAID", kind: str = "ACCREC") -> Paper:
    return Paper(kind, status, contact, "MUG", days, quantity)


def test_an_exchange_leaves_demand_as_if_what_came_back_had_not_been_sold(build: Build) -> None:
    """The return cancels the sale on its day; the invoice's other product is demand of its own."""
    raw = raw_of(a_world([a_sale("Ann", -20, 70)]))
    raw[tables.XERO_INVOICES].append(raw[tables.XERO_INVOICES][0] | {"invoice_id": "x", "invoice_date": in_days(-13)})
    line = raw[tables.XERO_INVOICE_LINES][0]
    raw[tables.XERO_INVOICE_LINES] += [
        line | {"invoice_id": "x", "line_number": 1, "quantity": Decimal(-70)},
        line | {"invoice_id": "x", "line_number": 2, "quantity": Decimal(70), "item_code": "CUP", "item_id": None},
    ]
    assert demanded(build, raw) == [("CUP", 70)]
    ignored = raw_of(a_world([]), returns_handling="ignore")[tables.PLANNING_SETTINGS]
    assert demanded(build, raw | {tables.PLANNING_SETTINGS: ignored}) == [("CUP", 70), ("MUG", 70)]


def test_a_return_cancels_no_sale_of_another_customer_nor_a_later_one(build: Build) -> None:
    papers = [a_sale("Ann", -20, 5), a_sale("Bob", -10, -5), a_sale("Ann", -30, -2)]
    assert demanded(build, raw_of(a_world(papers))) == [("MUG", 5)]


def test_a_line_with_a_negative_price_is_money_and_no_goods(build: Build) -> None:
    """A discount on an invoice is no sale, one taken back is no return; each is explained."""
    raw = raw_of(a_world([a_sale("Ann", -20, 5), a_sale("Ann", -9, 1), a_sale("Ann", -8, -2)]))
    for line in raw[tables.XERO_INVOICE_LINES][1:]:
        line["unit_amount"] = Decimal(-2)
    assert demanded(build, raw) == [("MUG", 5)]
    reasons = [(row["reason"], row["difference"]) for row in build(raw, "sales_differences")]
    assert reasons == [("negative_price", -1), ("negative_price", 2)]


def test_a_negative_line_of_a_credit_note_takes_back_what_the_note_gives(build: Build) -> None:
    raw = raw_of(a_world([a_sale("Ann", -20, 9), a_sale("Ann", -9, 5, kind="ACCRECCREDIT")]))
    line = raw[tables.XERO_CREDIT_NOTE_LINES][0]
    raw[tables.XERO_CREDIT_NOTE_LINES].append(line | {"line_number": 2, "quantity": Decimal(-2)})
    assert demanded(build, raw) == [("MUG", 6)]


@few
@given(papers=sales_papers)
def test_the_lines_behind_a_month_explain_its_difference_from_xero_to_the_unit(
    build: Build, papers: list[Paper]
) -> None:
    raw = raw_of(a_world(papers))
    explained: dict[Any, float] = defaultdict(float)
    for row in build(raw, "sales_differences"):
        explained[row["product_code"], row["month"]] += row["difference"]
    issued = {"AUTHORISED", "PAID", "ARCHIVED", "VOIDED"}
    invoiced: dict[Any, float] = defaultdict(float)
    for paper in papers:
        if paper.kind == "ACCREC" and paper.status in issued:
            invoiced[paper.product, in_days(paper.days).replace(day=1)] += paper.quantity
    for row in build(raw, "sales_monthly"):
        key = row["product_code"], row["month"]
        assert row["xero_invoiced_quantity"] == invoiced[key]
        assert row["demand_quantity"] - invoiced[key] == row["difference"] == explained[key]


@few
@given(papers=st.lists(order_papers, min_size=5, max_size=25))
def test_a_late_order_is_not_on_order_and_is_listed(build: Build, papers: list[Paper]) -> None:
    """With its value; a promised arrival is believed before the delivery date, and that before the lead time."""
    world = a_world(papers)
    found = {row["purchase_order_number"]: row for row in build(raw_of(world), "stock_on_order")}
    expected = {order.number: (order, counts) for order, _, counts in recomputing.open_order_lines(world, TODAY)}
    assert found.keys() == expected.keys()
    for number, (order, counts) in expected.items():
        row = found[number]
        assert (row["is_counted"], row["exception"]) == (counts, None if counts else "late")
        assert row["value"] == order.lines[0].quantity * 2
        arrival = order.expected_arrival_date or order.delivery_date
        assert row["expected_arrival_date"] == (arrival or order.date.replace() + (in_days(14) - TODAY))


@few
@given(papers=st.lists(st.one_of(order_papers, bill_papers), min_size=5, max_size=30))
def test_what_bills_delivered_is_matched_first_in_first_out(build: Build, papers: list[Paper]) -> None:
    """And by the rule `unbilled`, what is left of open orders is on order, whatever their dates."""
    world = a_world(papers)
    matched = receipts(world)
    raw = raw_of(world, on_order_rule="unbilled")
    found: dict[Any, float] = defaultdict(float)
    for row in build(raw, "purchase_receipts"):
        found[row["purchase_order_id"], row["bill_id"], row["confidence"]] += row["quantity"]
        assert row["lead_time_days"] == (row["received_date"] - row["order_date"]).days
        assert row["is_evidence"] == (row["no_evidence_reason"] == "")
        assert not row["is_evidence"] or (row["lead_time_days"] >= 1 and row["received_date"] <= TODAY)
    assert found == matched
    open_orders = {order.number: order for order, _, _ in recomputing.open_order_lines(world, TODAY)}
    for row in build(raw, "stock_on_order"):
        order = open_orders[row["purchase_order_number"]]
        billed = sum(quantity for (order_id, _, _), quantity in matched.items() if order_id == order.document_id)
        left = float(order.lines[0].quantity) - billed
        assert (row["quantity"], row["is_counted"], row["exception"]) == (left, left > 0, None)


@few
@given(papers=st.lists(st.one_of(order_papers, bill_papers), min_size=5, max_size=30))
def test_suppliers_are_judged_by_the_receipts_that_lead_times_are_learned_from(
    build: Build, papers: list[Paper]
) -> None:
    """Of the last two years, though the papers lie in the last two and a half."""
    raw = raw_of(a_world([paper._replace(days=15 * paper.days) for paper in papers]))
    table = tables.PURCHASE_RECEIPTS
    learned = known_receipts(
        pl.DataFrame(build(raw, table.name), schema=table.schema, orient="row"), as_of=TODAY
    ).group_by("supplier_id").agg(pl.len(), pl.col("lead_time_days").median())  # fmt: skip
    found = build(raw, "supplier_lead_times")
    assert {(row["supplier_id"], row["receipts"], row["median_lead_time_days"]) for row in found} == set(learned.rows())


def receipts(world: World) -> dict[tuple[str, str, str], float]:
    """Units by order, bill and confidence: what a bill's number names first, then the oldest order in the queue."""
    orders = [
        (order, line) for order, line in recomputing.lines_of(
            world, world.purchase_orders, "PURCHASEORDER", recomputing.OPEN_ORDERS | {"BILLED"}
        )
    ]  # fmt: skip
    bills = sorted(
        recomputing.lines_of(world, world.invoices, "ACCPAY", {"AUTHORISED", "PAID"}),
        key=lambda pair: (pair[0].date, pair[0].number, pair[0].document_id),
    )
    left = {document.document_id: line.quantity for document, line in (*orders, *bills)}
    found: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)

    def serve(order: Any, bill: Any, confidence: str) -> None:
        units = min(left[order.document_id], left[bill.document_id])
        if units:
            found[order.document_id, bill.document_id, confidence] += units
            left[order.document_id] -= units
            left[bill.document_id] -= units

    for bill, paid in bills:
        for order, ordered in orders:
            is_same = (order.contact_id, ordered.item_code) == (bill.contact_id, paid.item_code)
            if is_same and order.number in bill.number.split():
                serve(order, bill, "exact")
    orders.sort(key=lambda pair: (pair[0].date, pair[0].number))
    for bill, paid in bills:
        queue = deque(
            order for order, ordered in orders
            if (order.contact_id, ordered.item_code) == (bill.contact_id, paid.item_code) and order.date <= bill.date
        )  # fmt: skip
        for order in queue:
            serve(order, bill, "likely")
    return {key: float(units) for key, units in found.items()}


CODES = st.sampled_from(("caf\u00e9", "CAF\u00c9", " Caf\u00e9 ", "cafe\u0301", "CAFE\u0301", "\tcaf\u00e9"))


@few
@given(codes=st.lists(CODES, min_size=1, max_size=6))
def test_a_code_in_another_case_spacing_or_unicode_form_is_the_same_product(build: Build, codes: list[str]) -> None:
    papers = [Paper("ACCREC", "PAID", "Ann", code, -3, 2) for code in codes]
    sold = build(raw_of(a_world(papers, products=["Caf\u00e9"])), "demand_transactions")
    assert [(row["product_code"], row["quantity"]) for row in sold] == [("Caf\u00e9", 2)] * len(codes)


def test_a_product_renamed_in_xero_keeps_its_history(build: Build) -> None:
    """What was loaded before carries the old code beside the item's id, and a new item may have taken that code."""
    papers = [Paper("ACCREC", "PAID", "Ann", "MUG", -30, 2), Paper("ACCREC", "PAID", "Ann", "MUG-2026", -3, 5)]
    raw = raw_of(a_world(papers, products=["MUG-2026"]))
    raw[tables.XERO_INVOICE_LINES] = [row | {"item_id": "id of MUG-2026"} for row in raw[tables.XERO_INVOICE_LINES]]
    raw[tables.XERO_ITEMS].append({"item_id": "id of another", "code": "MUG", "is_tracked_as_inventory": True})
    sold = build(raw, "demand_transactions")
    assert [(row["product_code"], row["quantity"]) for row in sold] == [("MUG-2026", 2), ("MUG-2026", 5)]


def test_two_items_that_differ_by_case_only_stay_two_products(build: Build) -> None:
    """A check of what Xero gave warns of them; nobody's sales are mixed."""
    papers = [Paper("ACCREC", "PAID", "Ann", code, -3, units) for code, units in (("mug", 2), ("MUG", 3))]
    sold = build(raw_of(a_world(papers, products=["mug", "MUG"])), "demand_transactions")
    assert {row["product_code"]: row["quantity"] for row in sold} == {"mug": 2, "MUG": 3}
