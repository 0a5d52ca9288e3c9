"""`stocktrim reconcile`: a month's total beside Xero's, and why they differ."""

from pathlib import Path

import pytest

from tests.end_to_end import recomputing
from tests.end_to_end.conftest import Command
from xero_sandbox.core.documents import World


@pytest.fixture
def stocktrim(copied_home: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command(copied_home, monkeypatch)


def test_a_month_is_reconciled_transaction_by_transaction(stocktrim: Command, wholesaler: World) -> None:
    drafts = recomputing.lines_of(wholesaler, wholesaler.invoices, "ACCREC", {"DRAFT"})
    draft, line = next(iter(drafts))
    month = draft.date.replace(day=1)
    answer = stocktrim("reconcile", line.item_code, "--month", f"{month:%Y-%m}", "--json").json()
    [total] = answer["months"]
    assert total["xero_invoiced_quantity"] == float(recomputing.invoiced(wholesaler)[line.item_code, month])
    assert total["difference"] == sum(one["difference"] for one in answer["differences"])
    counted = [one for one in answer["differences"] if one["invoice_number"] == draft.number]
    assert [(one["reason"], one["difference"]) for one in counted] == [("draft_counted", float(line.quantity))]


def test_a_voided_invoice_that_stays_in_xeros_list_makes_a_difference(stocktrim: Command, wholesaler: World) -> None:
    invoice, line = next(iter(recomputing.lines_of(wholesaler, wholesaler.invoices, "ACCREC", {"VOIDED"})))
    answer = stocktrim("reconcile", line.item_code, "--month", f"{invoice.date:%Y-%m}", "--json").json()
    [total] = answer["months"]
    assert total["xero_voided_quantity"] >= float(line.quantity)
    [void] = [one for one in answer["differences"] if one["invoice_number"] == invoice.number]
    assert (void["reason"], void["difference"]) == ("void_not_counted", -float(line.quantity))


def test_the_table_tells_each_reason_in_words(stocktrim: Command, wholesaler: World) -> None:
    voided = recomputing.lines_of(wholesaler, wholesaler.invoices, "ACCREC", {"VOIDED"})
    _, line = next(iter(voided))
    shown = stocktrim("reconcile", line.item_code)
    assert shown.code == 0
    assert "void not counted" in shown.out
    assert "go.xero.com" in shown.out


def test_a_product_nobody_sold_and_a_month_that_is_none_are_one_sentence(stocktrim: Command) -> None:
    nobody, no_month = stocktrim("reconcile", "NO-SUCH"), stocktrim("reconcile", "P-0001", "--month", "last")
    assert (nobody.code, no_month.code) == (2, 2)
    assert "No sales of 'NO-SUCH'" in nobody.err
    assert "give it as YYYY-MM" in no_month.err
