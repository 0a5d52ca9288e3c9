"""No document is lost in silence: what is in force in Xero counts, or is an exception with its number."""

from collections import defaultdict
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.storage import tables
from tests.dbt_project.conftest import Build
from tests.dbt_project.papers import Paper, Rows, a_world, raw_of
from tests.dbt_project.test_any_papers import few

PRODUCTS = ("MUG", "CUP")
STATUSES = ("DRAFT", "SUBMITTED", "AUTHORISED", "PAID", "VOIDED", "DELETED", "MYSTERY")
DOES_NOT_COUNT = {"unknown_status", "unknown_type", "sale_without_product", "line_names_no_item"}
papers_of_any_kind = st.lists(
    st.builds(
        Paper, st.sampled_from(("ACCREC", "ACCREC", "ACCRECCREDIT", "PURCHASEORDER", "BARTER")),
        st.sampled_from(STATUSES), st.sampled_from(("Ann", "Bob")), st.sampled_from((*PRODUCTS, "LOST", "")),
        st.integers(-70, 5), st.sampled_from((1, 2, 5, 9, 9, -2, -9)), st.just(""), st.just({}),
    ),
    min_size=10, max_size=40,
)  # fmt: skip


@few
@given(papers=papers_of_any_kind)
def test_a_document_in_force_counts_or_is_an_exception_never_neither(build: Build, papers: list[Paper]) -> None:
    raw = raw_of(a_world(papers))
    exceptions = build(raw, "xero_readiness")
    excepted = {row["document_number"] for row in exceptions if row["problem"] in DOES_NOT_COUNT}
    sold = build(raw, "demand_transactions")
    counted = {row["invoice_number"] for row in sold if row["product_code"] in PRODUCTS}
    counted |= {row["purchase_order_number"] for row in build(raw, "stock_on_order") if row["product_code"] in PRODUCTS}
    credited: dict[str, float] = defaultdict(float)
    for row in exceptions:
        if row["problem"] in {"credit_note_unmatched", "return_unmatched"}:
            credited["unmatched"] += row["quantity"]
    for place, paper in enumerate(papers):
        number = f"N{place:04}"
        if paper.status in {"VOIDED", "DELETED"} or (paper.kind == "PURCHASEORDER" and not paper.product):
            continue
        if paper.quantity < 0 and paper.status != "MYSTERY" and paper.kind != "BARTER":
            is_return = paper.kind == "ACCREC" and paper.product in PRODUCTS
            credited["approved"] -= paper.quantity if is_return else 0
            continue
        if paper.kind == "ACCRECCREDIT" and paper.status != "MYSTERY":
            is_approved = paper.status in {"AUTHORISED", "PAID"} and paper.product in PRODUCTS
            credited["approved"] += paper.quantity if is_approved else 0
            assert (number in excepted) == (paper.product == "LOST")
            continue
        assert (number in counted) != (number in excepted), (number, paper)
    credited["matched"] = sum(row["credited_quantity"] for row in sold if row["product_code"] in PRODUCTS)
    assert credited["approved"] == credited["matched"] + credited["unmatched"]


def organisation(*papers: Paper) -> Rows:
    return raw_of(a_world(papers))


def problems(build: Build, rows: Rows) -> dict[tuple[str, str], dict[str, object]]:
    found = build(rows, "xero_readiness")
    return {(row["problem"], row["document_number"] or row["product_code"] or row["record_id"]): row for row in found}


def test_a_draft_of_more_than_thirty_days_is_an_exception_with_its_age_and_its_money(build: Build) -> None:
    rows = organisation(
        Paper("ACCREC", "DRAFT", "Ann", "MUG", -200, 500, "OLD"),
        Paper("ACCREC", "SUBMITTED", "Ann", "MUG", -31, 5, "OLDER"),
        Paper("ACCREC", "DRAFT", "Ann", "MUG", -30, 5, "YOUNG"),
        Paper("ACCREC", "AUTHORISED", "Ann", "MUG", -200, 5, "DONE"),
        Paper("ACCPAY", "DRAFT", "Works", "MUG", -90, 7, "BILL"),
    )
    found = {key: row for key, row in problems(build, rows).items() if key[0].startswith("old_draft")}
    assert {key: (row["quantity"], row["amount"], row["age_days"]) for key, row in found.items()} == {
        ("old_draft_invoice", "OLD"): (500, 1000, 200),
        ("old_draft_invoice", "OLDER"): (5, 10, 31),
        ("old_draft_bill", "BILL"): (7, 14, 90),
    }
    (position,) = [row for row in build(rows, "stock_position") if row["product_code"] == "MUG"]
    assert position["stock_committed"] == 510


@pytest.mark.parametrize("rate", [None, 0])
def test_a_foreign_amount_without_a_rate_is_an_exception_of_unknown_value(build: Build, rate: int | None) -> None:
    rows = organisation(
        Paper("ACCREC", "PAID", "Ann", "MUG", -9, 5, "S"), Paper("ACCREC", "VOIDED", "Ann", "MUG", -9, 5, "V"),
        Paper("PURCHASEORDER", "DRAFT", "Works", "MUG", -9, 5, "P"), Paper("ACCPAY", "PAID", "Rent", "", -9, 1, "RENT"),
    )  # fmt: skip
    for table in (tables.XERO_INVOICES, tables.XERO_PURCHASE_ORDERS):
        for row in rows[table]:
            row |= {"currency_code": "USD", "currency_rate": rate}
    found = problems(build, rows)
    listed = {number: row["amount"] for (name, number), row in found.items() if name == "foreign_amount_without_rate"}
    assert listed == {"S": None, "P": None}


@pytest.mark.parametrize(
    ("code", "twin"), [("mug", "MUG"), ("M UG", "MUG"), ("MUG\u00a01", "MUG1"), ("CO2", "C02"), ("A\u20131", "A-1"),
                       ("\uff121", "21"), ("CAF\u00c9", "CAFE\u0301")],
)  # fmt: skip
def test_codes_that_look_alike_are_near_duplicates(build: Build, code: str, twin: str) -> None:
    rows = raw_of(a_world([], products=(code, twin, "A-10", "A1-0", "TEE-L", "TEE-1")))
    near = {product for (name, product) in problems(build, rows) if name == "near_duplicate_code"}
    assert near == {code, twin}


def test_an_archived_supplier_is_told_with_its_products_and_with_what_is_open_at_it(build: Build) -> None:
    rows = organisation(Paper("PURCHASEORDER", "DRAFT", "gone", "MUG", -9, 5, "P"))
    rows[tables.XERO_CONTACTS] = [{"contact_id": "gone", "name": "Gone Works", "contact_status": "ARCHIVED"}]
    found = problems(build, rows)
    assert ("archived_supplier", "MUG") in found
    listed = found["archived_supplier_with_orders", "gone"]
    assert (listed["occurrences"], listed["quantity"], listed["amount"], listed["name"]) == (1, 5, 10, "Gone Works")


def test_a_supplier_that_is_no_contact_yet_is_told(build: Build) -> None:
    rows = organisation(Paper("PURCHASEORDER", "DRAFT", "new", "MUG", -9, 5, "P"))
    rows[tables.XERO_CONTACTS] = [{"contact_id": "other", "name": "Other", "contact_status": "ACTIVE"}]
    assert ("contact_not_loaded", "new") in problems(build, rows)


def test_negative_stock_is_told_with_what_it_costs(build: Build) -> None:
    rows = organisation()
    rows[tables.XERO_ITEMS][0] |= {"quantity_on_hand": -3, "purchase_unit_price": 4, "code": "MUG"}
    listed = problems(build, rows)["negative_stock", "MUG"]
    assert (listed["quantity"], listed["amount"]) == (3, 12)


def test_a_dismissed_exception_stays_dismissed_until_its_record_changes(build: Build) -> None:
    rows = organisation(Paper("ACCREC", "DRAFT", "Ann", "MUG", -200, 500, "OLD"))
    (before,) = [row for row in build(rows, "xero_readiness") if row["problem"] == "old_draft_invoice"]
    decision = {name: before[name] for name in ("problem", "record_id", "version")}
    rows[tables.EXCEPTION_DECISIONS] = [decision | {"decision": "dismissed", "decided_by": "Ann", "reason": "known"}]
    (dismissed,) = [row for row in build(rows, "xero_readiness") if row["problem"] == "old_draft_invoice"]
    assert (dismissed["is_dismissed"], dismissed["dismissed_by"], dismissed["dismissed_reason"]) == (
        True,
        "Ann",
        "known",
    )
    rows[tables.XERO_INVOICES][0]["updated_at"] = datetime(2026, 6, 14, tzinfo=UTC)
    (changed,) = [row for row in build(rows, "xero_readiness") if row["problem"] == "old_draft_invoice"]
    assert not changed["is_dismissed"]
