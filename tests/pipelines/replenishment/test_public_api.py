"""The two functions for anyone's data: what they promise, and what they do with bad input."""

import unicodedata
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.replenishment.decision.input_validation import PolicyError
from pipelines.replenishment.public_api import BRIDGE, order_quantities, order_up_to_levels

AS_OF = date(2026, 3, 2)
NO_ORDERS = pl.DataFrame(schema={"product_code": pl.String, "arrival_date": pl.Date, "quantity": pl.Float64})


def sold(quantities, *, product="TEA", every_days=1, until=AS_OF):
    """The last of the quantities was sold on the last day (or in the last week) before `until`."""
    days = [until - timedelta(days=every_days * (len(quantities) - k)) for k in range(len(quantities))]
    return pl.DataFrame({"product_code": product, "date": days, "quantity": [float(n) for n in quantities]})


def in_stock(*quantities, **more):
    codes = ["TEA", "CUP", "POT"][: len(quantities)]
    return pl.DataFrame({"product_code": codes, "stock_on_hand": [float(n) for n in quantities], **more})


def ordered(demand, stock, open_orders=NO_ORDERS, **more):
    asked = {"lead_time_days": 14, "order_frequency_days": 7, "service_level": 0.95, **more}
    return order_quantities(demand, stock, open_orders, as_of=AS_OF, **asked)


def the_order(*arguments, **more):
    return ordered(*arguments, **more).row(0, named=True)


rng = np.random.default_rng(3)
POISSON = [float(n) for n in rng.poisson(2, 364)]
SOME = sold(POISSON)


ONE_A_DAY = sold([1.0] * 364)
AUCKLAND = "Pacific/Auckland"


def test_every_product_in_stock_comes_back():
    orders = ordered(SOME, in_stock(9, 4, 0))
    assert orders["product_code"].to_list() == ["CUP", "POT", "TEA"]
    assert dict(orders.select("product_code", "reason").rows())["CUP"] == "no_demand"


@pytest.mark.parametrize(
    ("on_hand", "unmet_demand", "lost", "needed"),
    [
        (0, "lost", 13, 6),  # what is owed of before today takes 2 of the 3, and 13 of 14 find nothing
        (12, "lost", 1, 6),
        (13, "lost", 0, 6),
        (19, "lost", 0, 0),
        (30, "lost", 0, -11),
        (0, "backordered", 0, 19),
        (12, "backordered", 0, 7),
        (30, "backordered", 0, -11),
    ],
)
def test_each_step_of_the_bridge_of_one_unit_a_day_is_as_computed_by_hand(on_hand, unmet_demand, lost, needed):
    """Before arrival 14 are asked for and 3 come; in the cover 7 are, 6 of them before the 4 that come on its last day.

    So three of what is on order in time come too late for what is asked for, which the timing adjustment makes up for;
    the 50 of the day after it are not in time.
    """
    days = {2: 3.0, 20: 4.0, 21: 50.0}
    arrives = [AS_OF + timedelta(days=day) for day in days]
    coming = pl.DataFrame({"product_code": "TEA", "arrival_date": arrives, "quantity": list(days.values())})
    line = the_order(ONE_A_DAY, in_stock(on_hand, stock_committed=[2.0]), coming, unmet_demand=unmet_demand)
    by_hand = (14, 7, 0, on_hand, 2, 7, lost, 3, needed)
    assert tuple(line[step] for step in BRIDGE) == pytest.approx(by_hand, abs=1e-3)
    assert (line["order_quantity"], line["order_up_to_level"]) == (max(0, needed), 21)


def test_expected_demand_in_the_bridge_is_the_mean_of_past_sales_and_lost_demand_is_never_negative():
    runs = [the_order(SOME, in_stock(on_hand)) for on_hand in (0, 9, 30, 500)]
    assert [row["demand_before_arrival"] for row in runs] == pytest.approx([28] * 4, rel=0.1)
    assert [row["demand_in_cover"] for row in runs] == pytest.approx([14] * 4, rel=0.1)
    lost = [row["demand_lost_before_arrival"] for row in runs]
    assert lost == sorted(lost, reverse=True)
    assert (lost[0], lost[-1]) == (pytest.approx(runs[0]["demand_before_arrival"], rel=0.05), 0)


def test_with_backorders_it_is_the_level_less_the_position():
    level = order_up_to_levels(SOME, as_of=AS_OF, horizon_days=21, service_levels=0.95)["order_up_to_level"][0]
    coming = pl.DataFrame({"product_code": ["TEA"], "arrival_date": [AS_OF + timedelta(days=3)], "quantity": [7.0]})
    order = the_order(SOME, in_stock(5, stock_committed=[2.0]), coming, unmet_demand="backordered")
    assert order["order_quantity"] == level - 10
    assert order["order_up_to_level"] == level


def test_a_week_in_one_row_is_a_week_of_days():
    weekly = sold([sum(POISSON[7 * k : 7 * k + 7]) for k in range(52)], every_days=7)
    by_week, by_day = (
        order_up_to_levels(one, as_of=AS_OF, horizon_days=21, service_levels=[0.5, 0.95])["order_up_to_level"]
        for one in (weekly, SOME)
    )
    assert by_week.to_list() == pytest.approx(by_day.to_list(), abs=2)


def test_the_level_of_poisson_demand_is_near_its_quantile():
    levels = order_up_to_levels(SOME, as_of=AS_OF, horizon_days=21, service_levels=[0.5, 0.95])
    assert levels["order_up_to_level"].to_list() == pytest.approx([42, 53], rel=0.15)


def test_levels_rise_with_the_service_level_and_the_horizon():
    levels = order_up_to_levels(SOME, as_of=AS_OF, horizon_days=21, service_levels=[0.5, 0.8, 0.9, 0.95, 0.99, 0.999])
    assert levels["order_up_to_level"].is_sorted()
    longer = order_up_to_levels(SOME, as_of=AS_OF, horizon_days=42, service_levels=0.95)
    assert longer["order_up_to_level"][0] > levels["order_up_to_level"][3]


def test_a_product_may_have_its_own_days_and_level():
    days = pl.DataFrame({"product_code": ["TEA"], "lead_time_days": [28]})
    own = the_order(SOME, in_stock(0), lead_time_days=days, unmet_demand="backordered")
    longer = the_order(SOME, in_stock(0), lead_time_days=28, unmet_demand="backordered")
    assert own == longer
    assert own["order_quantity"] > the_order(SOME, in_stock(0), unmet_demand="backordered")["order_quantity"]


def test_lead_times_may_come_as_samples():
    samples = pl.DataFrame({"product_code": ["TEA"] * 4, "lead_time_days": [7, 7, 21, 21]})
    random = the_order(SOME, in_stock(0), lead_time_days=samples, unmet_demand="backordered")
    short, long = (the_order(SOME, in_stock(0), lead_time_days=n, unmet_demand="backordered") for n in (7, 21))
    assert short["order_quantity"] < random["order_quantity"] < long["order_quantity"]


@pytest.mark.parametrize("measure", ["cycle", "fill", "money"])
@pytest.mark.parametrize(("there", "order"), [(0, 21), (20, 1), (21, 0)])
def test_a_unit_a_day_is_ordered_for_three_weeks_with_every_service_measure(measure, there, order):
    every_day = sold([1.0] * 400)
    line = the_order(every_day, in_stock(there), measure=measure, unmet_demand="backordered")
    assert line["order_quantity"] == order


def test_no_more_demand_is_lost_than_there_is():
    orders = ordered(SOME, in_stock(0), lead_time_days=28)
    assert 0 < orders["demand_lost_before_arrival"][0] <= orders["demand_before_arrival"][0]


def test_a_fill_rate_and_money_give_other_orders_than_a_cycle_service_level():
    cycle, fill, money = (the_order(SOME, in_stock(30), measure=one) for one in ("cycle", "fill", "money"))
    assert fill["order_quantity"] < cycle["order_quantity"]
    assert money["order_quantity"] <= cycle["order_quantity"]


def test_the_same_seed_gives_the_same_bytes_and_other_products_do_not_matter():
    both = pl.concat([SOME, sold(POISSON[::-1], product="CUP")])
    one, other = (ordered(both, in_stock(3, 4), seed=5) for _ in range(2))
    assert one.write_csv() == other.write_csv()


HISTORIES = {
    "one sale": sold([4.0]),
    "all zeros": sold([0.0] * 200),
    "one very large sale": sold([1.0] * 200 + [1e9]),
    "negative weeks": sold([5.0, -20.0] * 100),
    "over for two years": sold([3.0] * 100, until=AS_OF - timedelta(days=730)),
    "twenty years of days": sold([float(n % 3) for n in range(7300)]),
    "no numbers": sold([float("nan"), float("inf"), 2.0] * 50),
    "a slip of the keyboard": sold([3.0] * 200 + [1e300]),
    "nothing at all": sold([]),
}


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
def test_any_history_gives_a_finite_order_and_a_reason(history):
    order = the_order(history, in_stock(3))
    assert np.isfinite([order[step] for step in (*BRIDGE, "order_quantity")]).all()
    assert order["order_quantity"] >= 0
    assert order["reason"]


def test_no_history_spoils_another_products_order():
    histories = [one.with_columns(product_code=pl.lit(f"P{k}")) for k, one in enumerate(HISTORIES.values())]
    stock = pl.DataFrame({"product_code": ["TEA", *(f"P{k}" for k in range(len(histories)))], "stock_on_hand": 3.0})
    orders = ordered(pl.concat([SOME, *histories]), stock)
    assert orders.height == stock.height
    assert all(orders.select(pl.col(pl.Float64).is_finite().all()).row(0))
    assert orders.filter(pl.col("product_code") == "TEA")["order_quantity"][0] > 0


def test_a_product_of_which_nothing_is_expected_has_no_demand_and_not_enough_stock():
    order = the_order(HISTORIES["over for two years"], in_stock(0))
    assert (order["order_quantity"], order["reason"]) == (0, "no_demand")


@pytest.mark.parametrize("horizon", [0, 1, 1000])
def test_any_horizon_has_a_level(horizon):
    levels = order_up_to_levels(sold([2.0] * 200), as_of=AS_OF, horizon_days=horizon, service_levels=[0.5, 0.9999])
    assert levels["order_up_to_level"].is_finite().all()
    assert (levels["order_up_to_level"][0] > 0) == (horizon > 0)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from([-1e12, -3.0, 0.0, 0.25, 7.5, 1e12]), st.sampled_from([0.0, 2.5, 1e12]))
def test_any_stock_gives_a_sane_order(on_hand, committed):
    order = the_order(SOME, in_stock(on_hand, stock_committed=[committed]))
    assert np.isfinite(order["order_quantity"])
    assert order["order_quantity"] >= 0
    assert order["order_quantity"] == np.ceil(order["order_quantity"])


def test_stock_that_is_no_number_is_a_data_fault():
    orders = ordered(SOME, in_stock(float("nan"), 1.0))
    assert dict(orders.select("product_code", "reason").rows()) == {"CUP": "no_demand", "TEA": "data_fault"}
    assert orders["order_quantity"].to_list() == [0, 0]
    assert orders["stock_on_hand"].to_list() == [1.0, 0.0]


@pytest.mark.parametrize("on_hand", [1e300, -1e300, float("inf"), None])
def test_an_impossible_stock_is_a_data_fault_of_that_product_alone(on_hand):
    stock = pl.DataFrame({"product_code": ["CUP", "TEA"], "stock_on_hand": [on_hand, 0.0]})
    orders = ordered(pl.concat([SOME, sold(POISSON, product="CUP")]), stock)
    assert orders["reason"].to_list() == ["data_fault", "below_reorder_point"]
    assert (orders["order_quantity"][0], orders["stock_on_hand"][0]) == (0, 0)


def test_without_allocated_stock_nothing_is_allocated():
    orders = ordered(SOME, in_stock(3, 3, 3, stock_committed=[None, 0.0, 2.0]))
    assert orders["stock_committed"].to_list() == [0.0, 2.0, 0.0]
    assert "data_fault" not in orders["reason"].to_list()
    assert the_order(SOME, in_stock(3, stock_committed=[None])) == the_order(SOME, in_stock(3))


@pytest.mark.parametrize("committed", [float("nan"), float("inf")])
def test_allocated_stock_that_is_no_number_is_a_data_fault(committed):
    assert the_order(SOME, in_stock(3, stock_committed=[committed]))["reason"] == "data_fault"


def test_a_product_with_two_rows_of_stock_is_one_sentence_that_names_it():
    """A join that went wrong looks the same as two warehouses; summed in silence it would hide a shortage."""
    twice = pl.DataFrame({"product_code": ["TEA", "CUP", None, "CUP", None], "stock_on_hand": [0.0, 2, 3, 2, 4]})
    with pytest.raises(PolicyError, match=r"^stock has several rows for 'CUP'; give one, with all its stock\.$"):
        ordered(SOME, twice)


@pytest.mark.parametrize("quantity", [None, float("nan"), float("inf"), 1e300])
def test_an_open_order_that_is_no_number_is_a_fault_and_is_not_ordered_again(quantity):
    coming = pl.DataFrame(
        {"product_code": ["TEA"], "arrival_date": [AS_OF], "quantity": [quantity]}, schema=NO_ORDERS.schema
    )
    order = the_order(SOME, in_stock(0), coming)
    assert (order["order_quantity"], order["reason"]) == (0, "data_fault")


def test_an_open_order_arrives_on_the_day_of_its_own_time_zone():
    coming = pl.DataFrame({"product_code": "TEA", "arrival_date": [AS_OF + timedelta(days=21)], "quantity": 7.0})
    midnight = pl.col("arrival_date").cast(pl.Datetime).dt.replace_time_zone(AUCKLAND)
    order = the_order(SOME, in_stock(0), coming.with_columns(midnight))
    assert order == the_order(SOME, in_stock(0), coming)
    assert order["stock_on_order_in_time"] == 0


def test_a_negative_open_order_or_one_of_an_unknown_product_is_left_out():
    coming = pl.DataFrame({"product_code": ["TEA", "NONE"], "arrival_date": [AS_OF] * 2, "quantity": [-5.0, 5.0]})
    assert the_order(SOME, in_stock(0), coming) == the_order(SOME, in_stock(0))


@pytest.mark.parametrize("level", [0, 1, 50, 95, 100, -0.5, float("nan"), "95%", None])
def test_a_service_level_that_is_no_fraction_is_one_sentence(level):
    with pytest.raises(PolicyError, match=r"service_level|fraction above 0 and below 1"):
        ordered(SOME, in_stock(3), service_level=level)


@pytest.mark.parametrize("levels", [None, "95%", "", 50, Decimal("NaN"), [0.5, 1]])
def test_service_levels_that_are_no_fractions_are_one_sentence(levels):
    with pytest.raises(PolicyError, match="fraction above 0 and below 1"):
        order_up_to_levels(SOME, as_of=AS_OF, horizon_days=7, service_levels=levels)


def test_an_impossible_quantity_is_unknown_and_hides_no_demand():
    order = the_order(HISTORIES["a slip of the keyboard"], in_stock(3))
    assert order["order_quantity"] > 0


def test_zero_is_never_minus_zero():
    orders = ordered(SOME, in_stock(0.0, 1.0)).select(pl.col(pl.Float64)).to_numpy()
    assert not np.signbit(orders[orders == 0]).any()


@pytest.mark.parametrize("level", [0.01, 0.5, 0.9999])
@pytest.mark.parametrize("days", [0, 1000])
def test_any_lead_time_and_level_gives_an_order(level, days):
    order = the_order(SOME, in_stock(3), lead_time_days=days, service_level=level)
    assert np.isfinite(order["order_quantity"])


@pytest.mark.parametrize("measure", ["cycle", "fill", "money"])
@pytest.mark.parametrize("unmet_demand", ["lost", "backordered"])
def test_a_lead_time_longer_than_the_history_gives_an_order_and_a_reason(measure, unmet_demand):
    order = the_order(sold([2.0] * 20), in_stock(3), lead_time_days=300, measure=measure, unmet_demand=unmet_demand)
    assert np.isfinite([order[step] for step in (*BRIDGE, "order_quantity", "reorder_point")]).all()
    assert order["reason"] in {"below_reorder_point", "enough_stock"}


@pytest.mark.parametrize("days", [-1, 4000, None, "two weeks", float("nan")])
def test_a_lead_time_that_cannot_be_is_one_sentence(days):
    with pytest.raises(PolicyError, match="lead_time_days must be"):
        ordered(SOME, in_stock(3), lead_time_days=days)


@pytest.mark.parametrize("lead_time_days", [3650, pl.DataFrame({"product_code": "TEA", "lead_time_days": [7, 3650]})])
def test_a_horizon_beyond_what_is_planned_for_is_one_sentence(lead_time_days):
    with pytest.raises(PolicyError, match="3650 days or less together; they are 3657 for TEA"):
        ordered(SOME, in_stock(3), lead_time_days=lead_time_days)


def test_a_product_without_a_lead_time_is_one_sentence():
    days = pl.DataFrame({"product_code": ["CUP"], "lead_time_days": [28]})
    with pytest.raises(PolicyError, match="lead_time_days has no row for 1 products: TEA"):
        ordered(SOME, in_stock(3), lead_time_days=days)


def test_an_open_order_dated_in_the_past_arrives_today():
    late = pl.DataFrame({"product_code": ["TEA"], "arrival_date": [date(2020, 1, 1)], "quantity": [500.0]})
    assert the_order(SOME, in_stock(0), late)["order_quantity"] == 0


ALIKE = {
    "whole numbers": SOME.with_columns(pl.col("quantity").cast(pl.Int32)),
    "decimals": SOME.with_columns(pl.col("quantity").cast(pl.Decimal(18, 4))),
    "text": SOME.with_columns(pl.col("quantity", "date").cast(pl.String)),
    "instants": SOME.with_columns(pl.col("date").cast(pl.Datetime("ns"))),
    "midnight in Auckland": SOME.with_columns(pl.col("date").cast(pl.Datetime).dt.replace_time_zone(AUCKLAND)),
    "late in New York": SOME.with_columns(
        pl.col("date").cast(pl.Datetime).dt.offset_by("23h").dt.replace_time_zone("America/New_York")
    ),
    "categories": SOME.with_columns(pl.col("product_code").cast(pl.Categorical)),
    "another order": SOME.sample(fraction=1, shuffle=True, seed=1),
    "rows of no product and no day": pl.concat(
        [SOME, SOME.with_columns(product_code=None), SOME.with_columns(date=None)], how="vertical_relaxed"
    ),
    "each row in two": pl.concat([SOME.with_columns(pl.col("quantity") / 2)] * 2),
    "columns of its own": SOME.with_columns(age=1, row=2, demand_date=pl.lit("x"), is_fault=True, horizon_days=3),
}


@pytest.mark.parametrize("demand", ALIKE.values(), ids=ALIKE)
def test_the_same_sales_in_another_form_give_the_same_order(demand):
    assert the_order(demand, in_stock(3)) == the_order(SOME, in_stock(3))


def test_numbers_of_any_kind_will_do():
    plain = the_order(SOME, in_stock(3))
    days = {"lead_time_days": np.int64(14), "order_frequency_days": np.float32(7)}
    assert the_order(SOME, in_stock(3), service_level=Decimal("0.95"), **days) == plain
    assert the_order(SOME, in_stock(3), seed=np.int64(0)) == plain


def test_codes_that_are_whole_numbers_are_their_digits():
    as_numbers = the_order(SOME.with_columns(product_code=7), in_stock(3).with_columns(product_code=7))
    assert as_numbers == the_order(
        SOME.with_columns(product_code=pl.lit("7")), in_stock(3).with_columns(product_code=7)
    )
    assert as_numbers["product_code"] == "7"


@pytest.mark.parametrize("code", [7.0, True, [7], AS_OF, b"TEA"])
def test_codes_of_another_kind_are_one_sentence(code):
    with pytest.raises(PolicyError, match="product_code of demand must hold text or whole numbers, not"):
        ordered(SOME.with_columns(product_code=pl.lit(code)), in_stock(3))


@pytest.mark.parametrize(
    ("frames", "sentence"),
    [
        ((SOME.lazy(), in_stock(3), NO_ORDERS), "demand must be a polars DataFrame, not polars.LazyFrame"),
        ((SOME, None, NO_ORDERS), "stock must be a polars DataFrame, not NoneType"),
        ((SOME, in_stock(3), None), "open_orders must be a polars DataFrame, not NoneType"),
        ((SOME, pl.DataFrame(), NO_ORDERS), "stock lacks the columns product_code, stock_on_hand; it has none"),
        ((SOME.with_columns(date=pl.lit("soon")), in_stock(3), NO_ORDERS), "must hold dates such as 2026-03-31"),
        ((SOME.with_columns(quantity=pl.lit("two")), in_stock(3), NO_ORDERS), "must hold numbers, not String"),
    ],
)
def test_frames_that_cannot_be_used_are_one_sentence(frames, sentence):
    with pytest.raises(PolicyError, match=sentence):
        ordered(*frames)


@pytest.mark.parametrize("seed", [None, 1.5, "a"])
def test_a_seed_that_is_no_whole_number_is_one_sentence(seed):
    with pytest.raises(PolicyError, match="seed must be a whole number"):
        ordered(SOME, in_stock(3), seed=seed)
    with pytest.raises(PolicyError, match="seed must be a whole number"):
        order_up_to_levels(SOME, as_of=AS_OF, horizon_days=7, service_levels=0.9, seed=seed)


def test_without_stock_or_demand_there_is_nothing_to_say():
    assert ordered(SOME, in_stock(3).clear()).is_empty()
    assert order_up_to_levels(SOME.clear(), as_of=AS_OF, horizon_days=7, service_levels=0.9).is_empty()
    assert the_order(SOME.clear(), in_stock(3))["reason"] == "no_demand"


def test_missing_columns_are_one_sentence():
    with pytest.raises(PolicyError, match="demand lacks the columns quantity; it has product_code, date"):
        ordered(SOME.drop("quantity"), in_stock(3))


def test_two_forms_of_one_code_are_two_codes_here():
    """Xero's codes are folded before the marts; a harness gets back exactly the codes that it gave."""
    codes = ["Café ", unicodedata.normalize("NFD", "Café "), "café"]
    stock = pl.DataFrame({"product_code": codes, "stock_on_hand": [1.0] * 3})
    assert sorted(ordered(SOME, stock)["product_code"]) == sorted(codes)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=120, max_size=200), st.integers(0, 60))
def test_more_service_never_orders_less_and_the_same_input_gives_the_same_bytes(quantities, on_hand):
    history = sold(quantities)
    runs = [ordered(history, in_stock(on_hand), service_level=one, unmet_demand="backordered") for one in (0.8, 0.98)]
    assert runs[0]["reorder_point"][0] <= runs[1]["reorder_point"][0]
    assert runs[0]["needed_quantity"][0] <= runs[1]["needed_quantity"][0]
    again = ordered(history, in_stock(on_hand), service_level=0.98, unmet_demand="backordered")
    assert again.write_csv() == runs[1].write_csv()
    row = runs[1].row(0, named=True)
    if row["order_quantity"] > 0:
        assert on_hand + row["order_quantity"] >= row["reorder_point"]


@pytest.mark.parametrize("products", [100_000, pytest.param(500_000, marks=pytest.mark.soak)])
def test_very_many_products_without_sales_come_back_and_the_one_that_sells_is_ordered(products):
    codes = ["TEA", *(f"P{i}" for i in range(products - 1))]
    orders = ordered(SOME, pl.DataFrame({"product_code": codes, "stock_on_hand": 1.0}))
    assert sorted(orders["product_code"]) == sorted(codes)
    few = the_order(SOME, in_stock(1.0))
    assert orders.filter(product_code="TEA").to_dicts() == [few]
    others = orders.filter(pl.col("product_code") != "TEA")
    assert set(others.select("order_quantity", "reason").iter_rows()) == {(0.0, "no_demand")}


LATE = pl.DataFrame({"product_code": "TEA", "arrival_date": [AS_OF + timedelta(days=20)], "quantity": 100.0})


def test_an_order_above_the_reorder_point_says_that_open_orders_arrive_too_late():
    order = the_order(ONE_A_DAY, in_stock(15), LATE)
    assert order["stock_on_hand"] + 100 > order["reorder_point"]
    assert (order["order_quantity"] > 0, order["reason"]) == (True, "short_before_open_orders_arrive")
    assert the_order(ONE_A_DAY, in_stock(15))["reason"] == "below_reorder_point"
