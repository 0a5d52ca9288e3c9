"""What people decided since a plan was made is done: it is no longer to be ordered, and the line says where it is."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from pipelines.purchasing.order_changes.planned_quantities import quantities_now
from pipelines.purchasing.orders import Order, OrderState
from pipelines.replenishment.plan.plan_progress import with_decisions, with_quantities_of_now
from pipelines.replenishment.plan.plan_reports import REPORTS, total_of
from pipelines.replenishment.plan.statuses import ENOUGH, IN_DRAFT, ORDER_NOW, ORDERED, TAKEN_OFF
from pipelines.storage import tables
from tests.pipelines.purchasing.purchasing_builders import NOON, a_draft, a_line, an_order

PLAN = pl.DataFrame(
    {
        "product_code": ["MUG-1", "TEA-1"], "status": [ORDER_NOW, ENOUGH], "order_quantity": [12.0, 0.0],
        "order_value": [Decimal(24), Decimal(0)], "currency": "GBP", "binding_rule": "need", "quantity_after_cap": 12.0,
        "unit_cost": Decimal(2), "order_unit_cost": None, "assembly_quantity": 0.0,
    },
    schema_overrides={
        name: tables.ORDER_PLAN.schema[name] for name in ("order_value", "unit_cost", "order_unit_cost")
    },
)  # fmt: skip


def lines_after(order: Order) -> pl.DataFrame:
    return with_quantities_of_now(with_decisions(PLAN, quantities_now([order], planned_at=NOON)))


def mugs(quantity: int, **changes: Any) -> Order:
    order = an_order(a_draft("20260302-AAAAAA", a_line("MUG-1", str(quantity))))
    return replace(order, **changes)


@pytest.mark.parametrize(
    ("changes", "status", "to_order", "decided"),
    [
        ({}, ORDER_NOW, 1, None),
        ({"is_edited": True}, ORDER_NOW, 1, None),
        ({"is_chosen": True}, IN_DRAFT, 0, 40.0),
        ({"state": OrderState.APPROVED, "approved_at": NOON + timedelta(hours=1)}, ORDERED, 0, 40.0),
        ({"state": OrderState.SENT, "approved_at": NOON + timedelta(hours=1)}, ORDERED, 0, 40.0),
        ({"state": OrderState.SENT, "approved_at": NOON - timedelta(days=1)}, ORDER_NOW, 1, None),
        ({"state": OrderState.FAILED, "approved_at": NOON + timedelta(hours=1)}, ORDER_NOW, 1, None),
        ({"lines": (), "taken_out": frozenset({"MUG-1"})}, TAKEN_OFF, 0, 0.0),
    ],
    ids=["the plan's draft", "another quantity", "chosen", "approved", "sent", "known to the plan", "refused", "off"],
)
def test_only_what_a_person_decided_is_done(changes, status, to_order, decided):
    lines = lines_after(mugs(40, **changes))
    row = lines.row(0, named=True)
    assert (row["status"], row["decided_quantity"], bool(row["decided_on"])) == (status, decided, decided is not None)
    assert (total_of(lines).to_order, total_of(lines).decided) == (to_order, int(decided is not None))
    assert lines.filter(REPORTS["most_urgent"].condition).height == to_order
    assert lines["status"][1] == ENOUGH
