"""Demand that a person set, and a season that a person does not believe in."""

import numpy as np
import pytest

from tests.pipelines.planning_builders import (
    TEA,
    a_product,
    a_setting,
    in_days,
    in_stock,
    received,
    sold,
    sold_every,
    the_line,
)

SALES = sold_every(1, 2, for_days=400)


def set_to(units, *, first=None, last=None):
    settings = [a_setting("overridden_demand", str(units))]
    dates = {"from": first, "until": last}
    return settings + [a_setting(f"overridden_demand_{name}", day.isoformat()) for name, day in dates.items() if day]


def planned(*frames):
    return the_line(a_product(), in_stock(0), SALES, *frames)


def test_overridden_demand_replaces_the_forecast():
    """Lead time 14 and order frequency 7: five a day are 70 before arrival and 35 in the cover."""
    row = planned(*set_to(5))
    assert (row["demand_before_arrival"], row["demand_in_cover"]) == pytest.approx((70, 35))
    assert row["model"] == "overridden"
    assert row["order_up_to_level"] == pytest.approx(2.5 * planned()["order_up_to_level"], rel=0.05)


def test_it_holds_from_its_first_day_to_its_last():
    row = planned(*set_to(5, first=in_days(7), last=in_days(13)))
    assert row["demand_before_arrival"] == pytest.approx(7 * 2 + 7 * 5, rel=0.02)
    assert row["demand_in_cover"] == pytest.approx(7 * 2, rel=0.02)


@pytest.mark.parametrize("dates", [{"last": in_days(-1)}, {"first": in_days(200)}])
def test_it_expires_by_itself_and_waits_for_its_day(dates):
    row = planned(*set_to(5, **dates))
    assert row["order_up_to_level"] == planned()["order_up_to_level"]
    assert row["model"] != "overridden"


def test_nothing_may_be_expected():
    row = planned(*set_to(0))
    assert (row["horizon_demand"], row["order_quantity"]) == (0, 0)


def test_a_product_that_was_never_sold_is_ordered_for_its_overridden_demand():
    row = the_line(a_product(), in_stock(0), *set_to(3))
    assert row["horizon_demand"] == pytest.approx(63)
    assert row["order_quantity"] > 20
    assert row["reason"] == "below_reorder_point"
    assert the_line(a_product(), in_stock(0))["reason"] == "no_demand"


def test_a_product_without_sales_is_planned_again_by_its_overridden_demand():
    long_ago = sold_every(1, 2, for_days=900).filter(np.arange(900) > 500)
    assert the_line(a_product(), in_stock(0), long_ago)["reason"] == "no_demand"
    assert the_line(a_product(), in_stock(0), long_ago, *set_to(1))["order_quantity"] > 0


def test_it_holds_with_random_lead_times_too():
    row = planned(received(*[7, 28] * 30), *set_to(5))
    assert row["demand_before_arrival"] + row["demand_in_cover"] == pytest.approx(5 * row["horizon_days"], rel=0.03)


def test_another_products_demand_stays_what_it_was():
    other = the_line(a_product("CUP"), in_stock(0, product="CUP"), sold_every(1, 2, for_days=400, product="CUP"),
                     a_setting("overridden_demand", "5", subject=TEA))  # fmt: skip
    assert other["model"] != "overridden"


def test_a_product_whose_season_is_ignored_has_a_model_that_knows_none():
    shifting = sold({ago: ago % 5 + (20 if ago < 150 else 0) for ago in range(1, 401)})
    row = the_line(a_product(), in_stock(0), shifting, a_setting("ignore_seasonality", "true"))
    assert row["model"] == "nb"
    assert the_line(a_product(), in_stock(0), shifting)["model"] == "pool"
