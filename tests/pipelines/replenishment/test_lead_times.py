"""How long an order may take: samples, and what receipts teach."""

import polars as pl
import pytest

from pipelines.replenishment.lead_times import LENGTHS, MOST_LENGTHS, learn_lead_times, weigh_samples


def a_product(code="TEA", supplier="supplier-07", lead_time_days=14, manufacturing_time_days=0):
    row = (code, supplier, lead_time_days, manufacturing_time_days)
    columns = ["product_code", "supplier_id", "lead_time_days", "manufacturing_time_days"]
    return pl.DataFrame([row], schema=columns, orient="row", schema_overrides={"supplier_id": pl.String})


def received(*days, product="TEA", supplier="supplier-07"):
    return pl.DataFrame(
        [(product, supplier, one) for one in days],
        schema={"product_code": pl.String, "supplier_id": pl.String, "lead_time_days": pl.Int64}, orient="row",
    )  # fmt: skip


def mean(lengths: pl.DataFrame) -> float:
    return float((lengths["lead_time_days"] * lengths["weight"]).sum())


def test_what_was_never_received_takes_as_long_as_the_setting_says():
    assert learn_lead_times(a_product(), received()).rows() == [("TEA", 14, 1.0)]


def test_the_manufacturing_time_is_added():
    told = learn_lead_times(a_product(manufacturing_time_days=5), received())
    assert told.rows() == [("TEA", 19, 1.0)]


def test_many_receipts_outweigh_the_setting():
    told = learn_lead_times(a_product(), received(*[30] * 96))
    weight = dict(told.select("lead_time_days", "weight").rows())
    assert weight[30] > 0.96
    assert sum(weight.values()) == pytest.approx(1)


def test_four_own_receipts_count_half_and_what_is_left_is_the_suppliers_and_the_settings():
    told = learn_lead_times(a_product(), received(20, 20, 20, 20))
    weight = dict(told.select("lead_time_days", "weight").rows())
    assert weight[20] == pytest.approx(1 / 2 + 1 / 2 * 4 / 12)
    assert mean(told) == pytest.approx(20 * 2 / 3 + 14 / 3)


def test_a_product_learns_from_what_its_supplier_delivered_of_others():
    told = learn_lead_times(a_product(), received(*[28] * 8, product="CUP"))
    assert mean(told) == pytest.approx(21)


def test_a_product_without_a_supplier_learns_from_nobody():
    told = learn_lead_times(a_product(supplier=None), received(28, product="CUP", supplier=None))
    assert told.rows() == [("TEA", 14, 1.0)]


def test_many_lengths_are_joined_to_eight_with_the_same_mean():
    told = weigh_samples(pl.DataFrame({"product_code": ["TEA"] * 40, "lead_time_days": range(10, 50)}))
    assert told.height == MOST_LENGTHS
    assert mean(told) == pytest.approx(29.5, abs=0.5)
    assert told.schema == LENGTHS
