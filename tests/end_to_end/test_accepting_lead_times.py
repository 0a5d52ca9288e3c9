"""Receipts that contradict what a person set are advice, which one command accepts."""

from pathlib import Path

import polars as pl
import pytest

from tests.end_to_end.conftest import Planned


def test_advice_is_shown_accepted_and_kept_with_its_reason(planned: Planned) -> None:
    stocktrim, advice = planned.stocktrim, planned.stocktrim.published("lead_time_advice")
    assert advice.height > 5
    shown = stocktrim("settings", "accept-lead-times", "--all", "--dry-run")
    assert (shown.code, "Nothing was changed" in shown.out) == (0, True)
    assert stocktrim("settings", "show", "--history", "--json").json()[-1]["reason"] == ""
    first = advice.row(0, named=True)
    of_one = ("--product", first["product_code"].lower(), "--json")
    (result,) = stocktrim("settings", "accept-lead-times", *of_one).json()
    assert (result["set_lead_time_days"], result["observed_lead_time_days"]) == (
        first["set_lead_time_days"], first["observed_lead_time_days"],
    )  # fmt: skip
    assert stocktrim("settings", "accept-lead-times", *of_one).json() == []
    rest = stocktrim("settings", "accept-lead-times", "--all", "--by", "Ann", "--json").json()
    assert len(rest) == advice.height - 1
    history = pl.DataFrame(stocktrim("settings", "show", "--history", "--json").json()).tail(advice.height)
    accepted = dict(history.select("subject", "value").rows())
    assert accepted == {
        code: str(days) for code, days in advice.select("product_code", "observed_lead_time_days").rows()
    }
    assert set(history["level"]) == {"product"}
    assert all("receipts of the" in reason for reason in history["reason"])


def test_a_dry_run_shows_what_the_plan_would_change_without_changing_anything(planned: Planned, tmp_path: Path) -> None:
    """Of a set for many, and of a file; the plan that is published is not made again by other numbers."""
    stocktrim, file = planned.stocktrim, tmp_path / "settings.csv"
    plan = stocktrim.published("order_plan")
    code = plan.filter((pl.col("status") == "order_now") & (pl.col("batch_size") == 1)).row(0, named=True)[
        "product_code"
    ]
    found = stocktrim("settings", "set", "batch_size", "1000", "--product", code, "--dry-run", "--json").json()["plan"]
    assert [(row["product_code"], row["new_order_quantity"]) for row in found["lines"]] == [(code, 1000)]
    assert stocktrim("groups", "add", "brand: Acme", code).code == 0
    of_group = ("settings", "set", "batch_size", "1000", "--group", "brand: Acme", "--dry-run", "--json")
    found = stocktrim(*of_group).json()["plan"]
    assert [(row["product_code"], row["new_order_quantity"]) for row in found["lines"]] == [(code, 1000)], (
        "a product that joined its group after the plan"
    )
    file.write_text(f"level,subject,setting,value\nproduct,{code},preferred_supplier,Supplier 03\n")
    shown = stocktrim("settings", "import", str(file), "--dry-run")
    assert (shown.code, "the effect of preferred_supplier" in shown.out) == (0, True)
    file.write_text("level,subject,setting,value\nglobal,,order_frequency_days,60\n")
    shown = stocktrim("settings", "import", str(file), "--dry-run")
    assert (shown.code, "The plan would change for " in shown.out) == (0, True)
    assert stocktrim("settings", "export", str(file)).code == 0
    assert "in force already" in stocktrim("settings", "import", str(file)).out
    assert stocktrim.published("order_plan").equals(plan)


def test_advice_is_only_given_where_a_person_set_what_receipts_contradict(planned: Planned) -> None:
    plan, advice = (planned.stocktrim.published(name) for name in ("order_plan", "lead_time_advice"))
    result = advice.join(plan, on="product_code")
    assert (result["lead_time_rule"] == "as_set").all()
    assert (result["expected_lead_time_days"] == result["set_lead_time_days"]).all()
    days = (result["observed_lead_time_days"] - result["set_lead_time_days"]).abs()
    assert (days >= 2).all()
    assert (days >= 0.2 * result["set_lead_time_days"]).all()
    assert planned.stocktrim.published("plan_summary")["lead_times_to_review"].to_list() == [advice.height]


@pytest.mark.parametrize("words", [(), ("--all", "--product", "P-0001")])
def test_whose_lead_times_is_said_once(planned: Planned, words: tuple[str, ...]) -> None:
    result = planned.stocktrim("settings", "accept-lead-times", *words)
    assert (result.code, result.err) == (2, "Stopped: Choose whose lead times: --product, --supplier or --all.\n")
