"""Renamed items and merged suppliers, from Xero's pages to the plan."""

from typing import Any

import polars as pl

from tests.end_to_end.conftest import Planned
from xero_sandbox.behaviour.edits import Merge, Write


def test_a_merged_suppliers_settings_and_products_are_those_of_the_one_that_is_left(planned: Planned) -> None:
    """And what was set for a product stays with it under another code."""
    before = {row["product_code"]: row for row in planned.stocktrim.published("order_plan").to_dicts()}
    suppliers = planned.stocktrim.published("suppliers").filter(pl.col("products") > 0)["supplier_id"].to_list()
    old, new = suppliers[:2]
    item = next(item for item in planned.world.items.values() if item.code == "P-0003")
    set_to_60 = planned.stocktrim("settings", "set", "lead_time_days", "60", "--supplier", old)
    name = planned.world.contacts[old].name
    assert (set_to_60.code, set_to_60.out) == (
        0,
        f"lead_time_days is 60 for supplier {name}. Next: `stocktrim plan -o demo`\n",
    )
    assert old not in planned.stocktrim("settings", "show").out
    for code in ("P-0009", "P-0010"):
        assert planned.stocktrim("settings", "set", "preferred_supplier", old, "--product", code).code == 0
    answers = planned.sandbox.edit(
        Merge(contact=old, into=new), Write(path=f"Items/{item.item_id}", body={"ItemID": item.item_id, "Code": "NEW"})
    )
    assert [answer["status"] for answer in answers] == [200, 200]
    for words in (("load", "--products", "--suppliers", "--sales-orders", "--purchase-orders"), ("plan",)):
        assert planned.stocktrim(*words).code == 0
    plan: dict[str, dict[str, Any]] = {
        row["product_code"]: row for row in planned.stocktrim.published("order_plan").to_dicts()
    }
    assert {plan[code]["supplier_id"] for code in ("P-0009", "P-0010")} == {new}
    assert old not in {row["supplier_id"] for row in plan.values()}
    assert {row["lead_time_days"] for row in plan.values() if row["supplier_id"] == new} - {60} <= {35}
    assert (plan["NEW"]["batch_size"], plan["NEW"]["horizon_demand"] > 0) == (
        12,
        before["P-0003"]["horizon_demand"] > 0,
    )
    assert "P-0003" not in plan
