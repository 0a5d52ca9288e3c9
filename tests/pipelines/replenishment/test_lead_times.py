"""How long an order may take: samples, and what receipts teach."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from pipelines.replenishment.lead_times import (
    LENGTHS,
    MOST_LENGTHS,
    learn_lead_times,
    waiting_orders,
    weigh_censored,
    weigh_samples,
)
from tests.pipelines.planning_builders import AS_OF, in_days, on_order


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


def weights(lengths: pl.DataFrame) -> dict[int, float]:
    return dict(lengths.select("lead_time_days", "weight").rows())


def seen(*received_days, waiting=(), product="TEA"):
    rows = [*((product, days, True) for days in received_days), *((product, days, False) for days in waiting)]
    return pl.DataFrame(rows, schema=["product_code", "lead_time_days", "is_received"], orient="row")


def ordered(days_ago, *, promised=14, **more):
    """An open order of so many days ago, promised for so many days after it."""
    given = {
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
    told = weigh_censored(pl.concat(frames))
    for product, lengths in expected.items():
        assert weights(told.filter(pl.col("product_code") == product)) == pytest.approx(lengths)


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


def test_where_nothing_was_ever_received_a_late_order_leaves_the_setting_at_its_word():
    late = waiting_orders(ordered(20), received(), as_of=AS_OF)
    assert late.height == 1
    assert learn_lead_times(a_product(), received(), late).rows() == [("TEA", 14, 1.0)]


@pytest.mark.parametrize(
    ("order", "told"),
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
def test_an_order_is_still_to_come_while_it_is_with_the_supplier_and_not_delivered(order, told):
    assert ages(order) == told


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
    told = weigh_censored(seen(*days[has_come].tolist(), waiting=age[~has_come].tolist()))
    only_receipts = days[has_come].mean()
    assert mean(told) == pytest.approx(21, abs=1)
    assert only_receipts < 17
