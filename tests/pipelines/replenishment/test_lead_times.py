"""How long an order may take: samples, and what receipts teach."""

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.replenishment.lead_times import (
    LENGTHS,
    MOST_LENGTHS,
    known_receipts,
    learn_lead_times,
    summarise_lengths,
    waiting_orders,
    weigh_censored,
    weigh_samples,
)
from tests.pipelines.planning_builders import (
    AS_OF,
    a_setting,
    expecting,
    in_days,
    in_stock,
    inputs,
    on_order,
    sold_every,
    the_line,
)
from tests.pipelines.planning_builders import a_product as a_planned_product
from tests.pipelines.planning_builders import received as the_receipts


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
    lengths = learn_lead_times(a_product(manufacturing_time_days=5), received())
    assert lengths.rows() == [("TEA", 19, 1.0)]


def test_many_receipts_outweigh_the_setting():
    lengths = learn_lead_times(a_product(), received(*[30] * 96))
    weight = dict(lengths.select("lead_time_days", "weight").rows())
    assert weight[30] > 0.96
    assert sum(weight.values()) == pytest.approx(1)


def test_four_own_receipts_count_half_and_what_is_left_is_the_suppliers_and_the_settings():
    lengths = learn_lead_times(a_product(), received(20, 20, 20, 20))
    weight = dict(lengths.select("lead_time_days", "weight").rows())
    assert weight[20] == pytest.approx(1 / 2 + 1 / 2 * 4 / 12)
    assert mean(lengths) == pytest.approx(20 * 2 / 3 + 14 / 3)


def test_a_product_learns_from_what_its_supplier_delivered_of_others():
    lengths = learn_lead_times(a_product(), received(*[28] * 8, product="CUP"))
    assert mean(lengths) == pytest.approx(21)


def test_a_product_without_a_supplier_learns_from_no_other_receipts():
    lengths = learn_lead_times(a_product(supplier=None), received(28, product="CUP", supplier=None))
    assert lengths.rows() == [("TEA", 14, 1.0)]


def held(days, *came, manufacturing=0, waiting=None):
    product = a_product(lead_time_days=days, manufacturing_time_days=manufacturing)
    return learn_lead_times(product.with_columns(is_lead_time_set=pl.lit(value=True)), received(*came), waiting)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 730), st.lists(st.integers(1, 728), max_size=40), st.lists(st.integers(1, 728), max_size=5),
    st.integers(0, 60),
)  # fmt: skip
def test_what_a_person_set_is_the_mean_whatever_receipts_and_late_orders_say(days, came, late, manufacturing):
    lengths = held(days, *came, manufacturing=manufacturing, waiting=received(*late))
    assert mean(lengths) == pytest.approx(days + manufacturing, abs=1e-6)
    assert summarise_lengths(lengths)["expected_lead_time_days"].to_list() == [days + manufacturing]
    assert (lengths["lead_time_days"].min(), lengths["weight"].sum()) >= (manufacturing, 1 - 1e-9)
    assert lengths["weight"].sum() == pytest.approx(1)
    assert lengths.height <= MOST_LENGTHS
    assert lengths.schema == LENGTHS


def test_receipts_give_the_deviation_of_a_set_lead_time():
    steady, varied = held(30, *[8] * 60), held(30, *[4, 12] * 30)
    deviation = [summarise_lengths(one)["lead_time_deviation_days"].item() for one in (steady, varied)]
    assert deviation == pytest.approx([0.5, 4], abs=0.2)


def test_a_deviation_that_would_give_negative_days_is_scaled_down():
    lengths = held(3, *[10, 50] * 60)
    assert lengths["lead_time_days"].min() >= 0
    assert mean(lengths) == pytest.approx(3)


def test_a_lead_time_that_a_person_set_without_receipts_is_certain():
    assert held(30).rows() == [("TEA", 30, 1.0)]


def test_a_receipt_that_is_no_evidence_teaches_nothing():
    came = the_receipts(3, 3, 20).with_columns(is_evidence=pl.Series([False, False, True]))
    assert known_receipts(came, as_of=AS_OF)["lead_time_days"].to_list() == [20]


@pytest.mark.parametrize("level", ["product", "supplier", "global"])
def test_twelve_orders_typed_in_on_the_day_of_their_bill_leave_what_was_set(level):
    """Set to 30 at any level: 7 a week and 2 on hand is ordered for 37 days, not for 10."""
    subject = {"product": "TEA-01", "supplier": "supplier-07", "global": ""}[level]
    typed_in = the_receipts(*[0] * 12).with_columns(is_evidence=pl.lit(value=False))
    line = the_line(
        a_planned_product(), in_stock(2), sold_every(1, 1, for_days=280), typed_in,
        a_setting("lead_time_days", "30", level=level, subject=subject),
    )  # fmt: skip
    assert (line["expected_lead_time_days"], line["lead_time_deviation_days"]) == (30, 0)
    assert (line["product_receipts"], line["lead_time_origin"]) == (0, level)
    assert line["reorder_point"] >= 37
    assert line["order_quantity"] > 0


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], 30),
        ([("learned", "global", "")], 10),
        ([("learned", "supplier", "supplier-07")], 10),
        ([("learned", "product", "TEA-01")], 10),
        ([("learned", "global", ""), ("as_set", "product", "TEA-01")], 30),
    ],
)
def test_a_set_lead_time_is_used_unless_the_rule_is_learned(rules, expected):
    line = the_line(
        a_planned_product(), in_stock(2), sold_every(1, 1, for_days=280), the_receipts(*[8] * 12),
        a_setting("lead_time_days", "30"),
        *(a_setting("lead_time_rule", rule, level=level, subject=subject) for rule, level, subject in rules),
    )  # fmt: skip
    assert (line["expected_lead_time_days"], line["observed_lead_time_days"]) == (expected, 8)


def test_an_unset_lead_time_is_estimated_with_the_default_as_a_weak_prior():
    line = the_line(a_planned_product(), in_stock(2), sold_every(1, 1, for_days=280), the_receipts(*[8] * 12))
    assert (line["expected_lead_time_days"], line["lead_time_origin"]) == (9, "default")


def the_advice(*frames):
    given = inputs(a_planned_product(), in_stock(2), *frames)
    return given.plan(expecting(20, 10)).lead_time_advice.to_dicts()


def test_advice_says_what_was_set_what_was_seen_and_what_following_it_would_change():
    """Six days fewer of 21: 42 and 12 of safety stock fall by 6/21, at 2.50 each."""
    (advice,) = the_advice(the_receipts(*[8] * 12), a_setting("lead_time_days", "14"))
    assert (advice["set_lead_time_days"], advice["set_level"], advice["observed_lead_time_days"]) == (14, "product", 8)
    assert (advice["receipts"], advice["receipts_of"]) == (12, "product")
    assert (advice["level_change_quantity"], advice["stock_change_quantity"]) == (-12, -3.4)
    assert (float(advice["level_change_value"]), float(advice["stock_change_value"])) == (-30, -8.5)


@pytest.mark.parametrize(
    ("typed", "came"),
    [
        (None, [8] * 12),
        ("15", [14] * 12),
        ("40", [33] * 12),
        ("14", [8, 8, 8]),
        ("14", [2, 2, 8, 8, 20, 20]),
    ],
    ids=["nobody set it", "a day", "less than a fifth", "three receipts", "within the middle half"],
)
def test_a_small_difference_is_no_advice(typed, came):
    assert the_advice(the_receipts(*came), *([a_setting("lead_time_days", typed)] if typed else [])) == []


def test_many_lengths_are_joined_to_eight_with_the_same_mean():
    lengths = weigh_samples(pl.DataFrame({"product_code": ["TEA"] * 40, "lead_time_days": range(10, 50)}))
    assert lengths.height == MOST_LENGTHS
    assert mean(lengths) == pytest.approx(29.5, abs=0.5)
    assert lengths.schema == LENGTHS


def weights(lengths: pl.DataFrame) -> dict[int, float]:
    return dict(lengths.select("lead_time_days", "weight").rows())


def seen(*received_days, waiting=(), product="TEA"):
    rows = [*((product, days, True) for days in received_days), *((product, days, False) for days in waiting)]
    return pl.DataFrame(rows, schema=["product_code", "lead_time_days", "is_received"], orient="row")


def ordered(days_ago, *, promised=14, **more):
    """An open order of so many days ago, promised for so many days after it."""
    given: dict[str, Any] = {
        "product": "TEA", "supplier_id": "supplier-07", "ordered_quantity": 5.0, "billed_quantity": 0.0,
        "order_date": in_days(-days_ago),
    }  # fmt: skip
    return on_order(5, arriving=in_days(promised - days_ago), **given | more)


def ages(order, *receipts, as_of: date = AS_OF):
    return waiting_orders(order, pl.concat([received(), *receipts]), as_of=as_of)["lead_time_days"].to_list()


def test_without_open_orders_each_receipt_weighs_the_same():
    assert weights(weigh_censored(seen(10, 20, 20, 30))) == pytest.approx({10: 0.25, 20: 0.5, 30: 0.25})


def test_an_order_that_is_still_to_come_takes_at_least_so_long():
    """Of three that take longer than 10 days one was asked no further than 15: the other two share its place."""
    assert weights(weigh_censored(seen(10, 20, 30, waiting=[15]))) == pytest.approx({10: 1 / 4, 20: 3 / 8, 30: 3 / 8})


def test_an_order_of_the_day_on_which_others_came_was_still_to_come_then():
    assert weights(weigh_censored(seen(10, 20, waiting=[10]))) == pytest.approx({10: 1 / 3, 20: 2 / 3})


def test_a_young_order_teaches_nothing():
    assert weights(weigh_censored(seen(10, 20, waiting=[9, 3]))) == weights(weigh_censored(seen(10, 20)))


def test_what_takes_longer_than_anything_that_came_is_taken_to_come_now():
    assert weights(weigh_censored(seen(20, 20, 20, 20, waiting=[25]))) == pytest.approx({20: 4 / 5, 25: 1 / 5})
    assert weights(weigh_censored(seen(20, waiting=[5, 25, 40]))) == pytest.approx({20: 1 / 3, 40: 2 / 3})


def test_each_product_is_estimated_by_itself_as_the_product_limit_says():
    rng = np.random.default_rng(5)
    frames, expected = [], {}
    for product in ("A", "B", "C"):
        true, age = rng.integers(5, 40, 60), rng.integers(1, 40, 60)
        frames.append(seen(*true[true <= age], waiting=age[true > age], product=product))
        expected[product] = limit(sorted(true[true <= age]), sorted(age[true > age]))
    estimated = weigh_censored(pl.concat(frames))
    for product, lengths in expected.items():
        assert weights(estimated.filter(pl.col("product_code") == product)) == pytest.approx(lengths)


def limit(came, waiting):
    """The product-limit estimate of one product, day by day."""
    beyond, found = 1.0, {}
    for day in sorted({*came, *waiting}):
        reaching = sum(one >= day for one in (*came, *waiting))
        share = came.count(day) / reaching
        if share:
            found[day] = beyond * share
        beyond *= 1 - share
    if beyond > 0:
        found[day] = found.get(day, 0) + beyond
    return found


def test_a_late_order_moves_the_lead_time_of_its_product_and_of_what_its_supplier_delivers():
    late = waiting_orders(ordered(28), received(20, 20, 20, 20), as_of=AS_OF)
    own = learn_lead_times(a_product(), received(20, 20, 20, 20), late)
    other = learn_lead_times(a_product("CUP"), received(20, 20, 20, 20), late)
    assert weights(own)[28] == pytest.approx((1 / 2 + 1 / 2 * 4 / 12) / 5)
    assert weights(other)[28] == pytest.approx(4 / 12 / 5)
    assert mean(own) > mean(learn_lead_times(a_product(), received(20, 20, 20, 20)))


def test_without_receipts_a_late_order_leaves_the_setting_as_it_is():
    late = waiting_orders(ordered(20), received(), as_of=AS_OF)
    assert late.height == 1
    assert learn_lead_times(a_product(), received(), late).rows() == [("TEA", 14, 1.0)]


@pytest.mark.parametrize(
    ("order", "days_waiting"),
    [
        (ordered(28), [28]),
        (ordered(28, is_counted=False, rule="late"), [28]),
        (ordered(28, billed_quantity=3.0), [28]),
        (ordered(28, billed_quantity=5.0), []),
        (ordered(28, rule="approved_not_sent"), []),
        (ordered(0), []),
        (ordered(28, order_date=None), []),
    ],
    ids=["late", "late and not counted", "delivered in part", "delivered", "not sent yet", "of today", "no day"],
)
def test_an_order_is_still_to_come_while_it_is_with_the_supplier_and_not_delivered(order, days_waiting):
    assert ages(order) == days_waiting


def test_a_forgotten_order_teaches_nothing():
    """Beyond twice what was promised, and twice what nine in ten receipts took, nobody waits for it any more."""
    slow = received(*[30] * 9, 300)
    assert ages(ordered(29)) == []
    assert ages(ordered(60), slow) == [60]
    assert ages(ordered(400), slow) == []
    assert ages(ordered(60), received(*[30] * 9, product="CUP")) == [60]
    assert ages(ordered(400, promised=300), slow) == [400]
    assert ages(ordered(800, promised=700)) == []


def test_orders_that_are_still_to_come_keep_the_slow_ones_from_being_overlooked():
    """A supplier that has just become slow: of what was ordered lately only the quick ones have come."""
    rng = np.random.default_rng(2)
    days, age = np.maximum(1, rng.gamma(4, 21 / 4, 4000).round()), rng.integers(1, 42, 4000)
    has_come = days <= age
    lengths = weigh_censored(seen(*days[has_come].tolist(), waiting=age[~has_come].tolist()))
    only_receipts = days[has_come].mean()
    assert mean(lengths) == pytest.approx(21, abs=1)
    assert only_receipts < 17
