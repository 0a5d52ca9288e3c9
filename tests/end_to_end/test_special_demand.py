"""What a person says about special demand is kept, obeyed by the next plan, and shown."""

import polars as pl

from tests.end_to_end.conftest import Planned


def a_usual_sale(planned: Planned) -> dict[str, object]:
    """The largest recent sale of the product that sells most."""
    is_stocked = pl.col("product_code").str.starts_with("P-")
    sales = planned.stocktrim.published("demand_transactions").filter(is_stocked & (pl.col("quantity") > 0))
    code = sales.group_by("product_code").len().sort("len", "product_code").row(-1)[0]
    recent = sales.filter(pl.col("product_code") == code).sort("demand_date").tail(20)
    return recent.sort("quantity", "invoice_number").row(-1, named=True)


def test_a_one_off_order_is_answered_once_and_obeyed(planned: Planned) -> None:
    stocktrim, sale = planned.stocktrim, a_usual_sale(planned)
    code, number = str(sale["product_code"]), str(sale["invoice_number"])
    told = stocktrim("demand", "one-off", number, code.lower(), "yes", "--reason", "a fair", "--by", "Ann")
    assert (told.code, "kept out of usual demand" in told.out) == (0, True), told.err
    before = stocktrim.published("demand_quantiles").filter(pl.col("product_code") == code)
    assert stocktrim("plan").code == 0
    (row,) = stocktrim.published("answered_one_offs").to_dicts()
    assert (row["invoice_number"], row["answered_by"], row["effect"]) == (number, "Ann", "kept out of usual demand")
    after = stocktrim.published("demand_quantiles").filter(pl.col("product_code") == code)
    assert after["quantity"].sum() < before["quantity"].sum()
    assert "said Ann" in stocktrim("explain", code).out
    listed = stocktrim("demand", "one-offs", "--json").json()
    assert [answer["reason"] for answer in listed["answered"]] == ["a fair"]
    wrong = stocktrim("demand", "one-off", number, code, "perhaps")
    assert (wrong.code, "Answer yes, no or open" in wrong.err) == (2, True)
    assert "no sales invoice" in stocktrim("demand", "one-off", "INV-NONE", code, "no").err
