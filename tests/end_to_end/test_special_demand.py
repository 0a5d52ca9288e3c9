"""What a person says about special demand is kept, obeyed by the next plan, and shown."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.end_to_end.conftest import Command, Planned, yesterday


def a_usual_sale(planned: Planned) -> dict[str, object]:
    """The largest recent sale of the product that sells most."""
    is_stocked = pl.col("product_code").str.starts_with("P-")
    sales = planned.stocktrim.published("demand_transactions").filter(is_stocked & (pl.col("quantity") > 0))
    code = sales.group_by("product_code").len().sort("len", "product_code").row(-1)[0]
    recent = sales.filter(pl.col("product_code") == code).sort("demand_date").tail(20)
    return recent.sort("quantity", "invoice_number").row(-1, named=True)


def bundle_and_part(codes: list[str], others: set[str]) -> tuple[str, str]:
    """Two stocked products that no setting of the home is about."""
    plain = [code for code in codes if code.startswith("P-") and code > "P-0009" and code not in others]
    return plain[0], plain[1]


def today() -> date:
    return yesterday() + timedelta(days=1)


def mean_of(stocktrim: Command, code: str) -> float:
    """Expected demand of a product's protection interval."""
    row = stocktrim.published("demand_horizons").filter(pl.col("product_code") == code).row(0, named=True)
    return float(row["demand_before_arrival"] + row["demand_in_cover"])


def test_what_a_person_says_is_kept_obeyed_and_shown(planned: Planned, tmp_path: Path) -> None:
    """A one-off order is answered once; an event raises the forecast of its days, and goes out to a file and back."""
    stocktrim, sale = planned.stocktrim, a_usual_sale(planned)
    code, number = str(sale["product_code"]), str(sale["invoice_number"])
    days = [str(today() + timedelta(days=ahead)) for ahead in (0, 400, 700)]
    coming = ("events", "add", "Sale", "--from", days[0], "--until", days[1], "--factor", "1.5")
    assert "366 at most" in stocktrim(*coming, "--all", "--by", "Ann").err
    others = stocktrim.published("demand_transactions")["product_code"].unique().sort().to_list()
    other = next(one for one in others if one.startswith("P-") and one != code)
    assert "choose" in stocktrim(*coming, "--by", "Ann").err.lower()
    raised = (*coming[:6], str(today() + timedelta(days=200)), *coming[7:], "--product", other.lower())
    assert stocktrim(*raised, "--by", "Ann").code == 0
    file = tmp_path / "events.csv"
    assert stocktrim("events", "export", str(file)).code == 0
    assert "0 events added or changed, 1 as before" in stocktrim("events", "import", str(file), "--by", "Ann").out
    file.write_text(file.read_text().replace("1.5", "1e9"))
    assert "nothing was changed" in stocktrim("events", "import", str(file), "--by", "Ann").err
    usual = mean_of(stocktrim, other)
    bundle, part = bundle_and_part(others, {code, other})
    for name, value in (("bundle_of", f"{part}:2"), ("is_assembled", "true"), ("minimum_shelf_level", "1000000")):
        assert stocktrim("settings", "set", name, value, "--product", bundle, "--by", "Ann").code == 0
    like = ("settings", "set", "like_product", f"{other} * 0.5", "--product", "P-UNSOLD", "--by", "Ann")
    assert stocktrim(*like).code == 0
    answered = stocktrim("demand", "one-off", number, code.lower(), "yes", "--reason", "a fair", "--by", "Ann")
    assert (answered.code, "kept out of usual demand" in answered.out) == (0, True), answered.err
    before = stocktrim.published("demand_quantiles").filter(pl.col("product_code") == code)
    assert stocktrim("plan").code == 0
    assert mean_of(stocktrim, other) == pytest.approx(1.5 * usual, rel=0.03)
    assert "Event Sale" in stocktrim("explain", other).out
    plan = {row["product_code"]: row for row in stocktrim.published("order_plan").to_dicts()}
    assert (plan[bundle]["order_action"], plan[bundle]["order_quantity"]) == ("assemble", 0)
    assert plan[part]["assembly_requirement"] > 0
    assert f"more when {part} arrives" in stocktrim("explain", bundle).out.replace("\n", " ")
    assert f"Part of {bundle}, 2 for each" in stocktrim("explain", part).out.replace("\n", " ")
    drafted = stocktrim.published("purchase_order_drafts")["product_code"].to_list()
    assert (bundle in drafted, part in drafted) == (False, True)
    assert plan["P-UNSOLD"]["model"] == "like_product"
    assert "own sales count 0% so far" in stocktrim("explain", "P-UNSOLD").out.replace("\n", " ")
    assert [row["state"] for row in stocktrim("events", "list", "--json").json()] == ["now"]
    assert stocktrim("events", "remove", "sale", "--by", "Ann").code == 0
    assert stocktrim("events", "list", "--json").json() == []
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
