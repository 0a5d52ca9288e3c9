"""A group from the first word to the published totals: rules over what was loaded, settings in the plan, sums."""

import polars as pl

from tests.end_to_end.conftest import Command, Planned


def test_a_group_and_a_suppliers_terms_for_a_product_are_planned_with(planned: Planned) -> None:
    stocktrim = planned.stocktrim
    plan = stocktrim.published("order_plan")
    bought = plan.filter(pl.col("product_code") > "P-0010").drop_nulls("supplier_id").sort("product_code")
    code, supplier = bought["product_code"][0], bought["supplier_name"][0]
    other = next(name for name in bought["supplier_name"] if name != supplier)
    for words in (
        ("groups", "rule", "range: Sevens", "code_prefix: p-000"),
        ("groups", "rule", "category: Sold", "sales_account: 200"),
        ("groups", "rule", "category: North", "tracking: Region: North"),
        ("groups", "add", "Old stock", "P-0009"),
        ("settings", "set", "batch_size", "7", "--group", "Sevens"),
        ("settings", "set", "batch_size", "5", "--group", "Sold"),
        ("settings", "set", "discontinued", "true", "--group", "Old stock"),
        ("settings", "set", "minimum_order_quantity", "40", "--product", code, "--supplier", supplier),
        ("settings", "set", "minimum_order_quantity", "90", "--product", code, "--supplier", other),
        ("groups", "order", "Sevens", "1"),
        ("plan",),
    ):
        result = stocktrim(*words)
        assert result.code == 0, result.err
    in_force = stocktrim.published("plan_settings")
    batch = {row["product_code"]: row for row in in_force.filter(name="batch_size").to_dicts()}
    assert (batch["P-0003"]["value"], batch["P-0003"]["origin"]) == ("12", "product")
    assert (batch["P-0004"]["value"], batch["P-0004"]["origin"]) == ("7", "group")
    assert batch["P-0020"]["value"] == "5"
    least = in_force.filter(name="minimum_order_quantity", product_code=code).to_dicts()[0]
    assert (least["value"], least["origin"]) == ("40", "product_supplier")
    lines = stocktrim.published("order_plan")
    assert lines.filter(product_code="P-0009")["reason"][0] == "discontinued"
    assert lines.filter(product_code="P-0004")["batch_size"][0] == 7
    conflicts = stocktrim.published("group_conflicts").filter(product_code="P-0004").to_dicts()
    assert [(row["value"], row["group_name"], row["other_values"]) for row in conflicts] == [
        ("7", "Sevens", "Sold says 5"),
    ]  # fmt: skip
    totals = {row["group_name"]: row for row in stocktrim.published("group_totals").to_dicts()}
    assert totals["Sold"]["products"] <= lines.height
    assert "North" not in totals
    of_group = stocktrim("plan", "show", "--group", "Sevens", "--columns", "product,groups", "--json").json()
    assert {row["product_code"] for row in of_group["order_plan"]} == {
        row["product_code"] for row in lines.to_dicts() if row["product_code"].startswith("P-000")
    }  # fmt: skip
    assert of_group["order_plan"][0]["groups"].startswith("range: Sevens; category: Sold")
    assert "No order is created" in stocktrim("orders", "create", "--group", "Old stock").err
    assert still_to_order(stocktrim, "Sevens") == f"{totals['Sevens']['order_value']}"
    made = stocktrim("orders", "create", "--group", "Sevens", "--json")
    ordered = lines.filter(pl.col("product_code").str.starts_with("P-000"), pl.col("order_quantity") > 0)
    assert made.code == 0 or ordered.is_empty(), made.err
    assert still_to_order(stocktrim, "Sevens") == "0.00"
    assert "Sevens" in stocktrim("plan", "show", "--by", "group").out


def still_to_order(stocktrim: Command, group: str) -> str:
    """The value of what nobody ordered yet of a group."""
    rows = stocktrim("plan", "show", "--by", "group", "--json").json()
    return {row["group_name"]: row["order_value"] for row in rows}[group]
