"""What could not be read is said at every load, plan and doctor, until it is read or a person dismisses it."""

from typing import Any

from tests.end_to_end.conftest import Planned
from xero_sandbox.behaviour.edits import Write
from xero_sandbox.behaviour.faults import Fault


def unreadable(planned: Planned) -> list[dict[str, Any]]:
    found = planned.stocktrim("doctor", "--json").json()["exceptions"]
    return [row for row in found if row["problem"] == "unreadable_record"]


def edit_and_break(planned: Planned, invoice: str, *, pattern: str, replacement: str) -> None:
    """Change an invoice, and let Xero answer with something in it that cannot be read."""
    planned.sandbox._ask("POST", "faults/reset")
    planned.sandbox.edit(Write(path=f"Invoices/{invoice}", body={"Reference": pattern[:20]}))
    planned.sandbox.fault(
        Fault(kind="rewrite", path="/Invoices", pattern=pattern, replacement=replacement, count=1, times=0)
    )


def test_an_unreadable_record_is_repeated_until_it_is_read_or_dismissed(planned: Planned) -> None:
    stocktrim = planned.stocktrim
    invoice = next(
        one for one in planned.world.invoices.values() if one.kind == "ACCREC" and one.status == "AUTHORISED"
    )
    edit_and_break(
        planned, invoice.document_id, pattern='"LineItems": \\[', replacement='"LineItems": null, "Lines": ['
    )
    first = stocktrim("load")
    assert first.code == 0, first.err
    assert invoice.number in first.err
    assert "Its older version still counts." in first.err
    plan = stocktrim("plan")
    assert plan.code == 0, plan.err
    assert invoice.number in plan.err
    (row,) = unreadable(planned)
    assert (row["document_number"], row["record_id"]) == (invoice.number, invoice.document_id)
    assert row["amount"] is not None

    problem = ("--problem", row["problem"])
    assert stocktrim("exceptions", "dismiss", invoice.number, "--reason", " ").code == 2
    dismissed = stocktrim("exceptions", "dismiss", invoice.number, *problem, "--reason", "a test", "--by", "Ann")
    assert dismissed.code == 0, dismissed.err
    assert unreadable(planned) == []
    (decided,) = stocktrim("exceptions", "list", "--json").json()
    assert (decided["decided_by"], decided["reason"], decided["decision"]) == ("Ann", "a test", "dismissed")
    assert invoice.number in stocktrim("exceptions", "list").out
    assert stocktrim("exceptions", "restore", invoice.number).code == 0
    assert len(unreadable(planned)) == 1

    edit_and_break(planned, invoice.document_id, pattern='"DateString": "[^"]*"', replacement='"DateString": [1]')
    refused = stocktrim("load")
    assert refused.code != 0
    assert invoice.number in refused.err
    assert "The last load was refused" in stocktrim("doctor").out
    assert stocktrim("exceptions", "dismiss", invoice.number, *problem, "--reason", "no goods").code == 0
    passed = stocktrim("load")
    assert passed.code == 0, passed.err
    assert unreadable(planned) == []

    edit_and_break(planned, invoice.document_id, pattern="never", replacement="")
    assert stocktrim("load").code == 0
    assert unreadable(planned) == []
    assert stocktrim("doctor").code == 0
