"""The notebook of the Python functions runs from top to bottom, and its orders are what its words say."""

import json
from pathlib import Path
from typing import Any

NOTEBOOK = Path(__file__).parents[2] / "examples" / "order_quantities" / "order_quantities.ipynb"


def test_the_notebook_runs_and_orders_what_is_short() -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {}
    for number, cell in enumerate(cells):
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            exec(compile("".join(cell["source"]), f"cell {number}", "exec"), names)  # noqa: S102, it is ours
    orders = {row["product_code"]: row for row in names["orders"].to_dicts()}
    assert orders["TEA"]["order_quantity"] > 0
    assert orders["TEA"]["reason"] == "below_reorder_point"
    assert all(row["order_up_to_level"] >= row["reorder_point"] for row in orders.values())
    by_level = names["levels"].sort("product_code", "service_level")["order_up_to_level"].to_list()
    assert by_level[0] <= by_level[1] <= by_level[2]
    lamps = names["levels"].filter(product_code="LAMP", service_level=0.95)["order_up_to_level"].item()
    assert lamps > 3 * 21  # days without stock are no days without demand
