"""Coming events multiply the demand of their days; past ones are unknown demand and are compared with what came."""

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from pipelines.forecasting.forecast_request import forecast_as_requested, forecast_request
from pipelines.forecasting.forecast_tables import Forecast
from pipelines.forecasting.history.demand_matrix import make_demand_matrix
from pipelines.forecasting.special_demand.coming_events import product_events
from pipelines.forecasting.special_demand.past_events import event_results, without_event_days
from pipelines.planning_settings.demand_settings.assemblies import ASSEMBLIES, where_demand_counts
from pipelines.planning_settings.demand_settings.demand_events import EventError, demand_event
from pipelines.storage.tables import DEMAND_EVENTS, DEMAND_TRANSFERS, empty
from tests.pipelines.planning_builders import AS_OF, TEA, a_product, a_setting, in_days, inputs, sold, sold_every

NO_GROUPS = pl.DataFrame(schema={"group_id": pl.String, "product_code": pl.String})
EVERY_DAY = sold_every(1, 4, for_days=400)


def an_event(
    begin: int, end: int, factor: float, *, scope: str = "all", subject: str = "", name: str = "Sale"
) -> pl.DataFrame:
    row = (name, in_days(begin), in_days(end), factor, scope, subject, "Ann", datetime(2026, 1, 1, tzinfo=UTC), "")
    return pl.DataFrame([row], schema=DEMAND_EVENTS.schema, orient="row")


def of_products(
    *events: pl.DataFrame, demand: pl.DataFrame = EVERY_DAY, transfers: pl.DataFrame | None = None,
    products: tuple[str, ...] = (TEA,), groups: pl.DataFrame = NO_GROUPS,
) -> pl.DataFrame:  # fmt: skip
    moves = empty(DEMAND_TRANSFERS) if transfers is None else transfers
    return product_events(pl.concat(events), groups, demand, moves, product_codes=products, as_of=AS_OF)


def forecast_with(*events: pl.DataFrame, settings: tuple[pl.DataFrame, ...] = ()) -> Forecast:
    company = inputs(a_product(), EVERY_DAY, *settings)
    changed = of_products(*events) if events else None
    request = forecast_request(
        company.parameters.plan_settings, company.parameters.protection_intervals, events=changed
    )  # fmt: skip
    return forecast_as_requested(company.demand_daily, request, as_of=AS_OF)


def means(forecast: Forecast) -> tuple[float, float]:
    row = forecast.demand_horizons.row(0, named=True)
    return row["demand_before_arrival"], row["demand_in_cover"]


def test_a_coming_event_raises_the_days_it_has_and_the_quantiles_in_the_same_proportion():
    """Of 21 days of 4 units, three of the first 14 have the factor 3: 84 units become 108."""
    plain, raised = forecast_with(), forecast_with(an_event(2, 4, 3.0))
    before, cover = means(plain)
    assert means(raised)[0] == pytest.approx(before + 3 * 2 * before / 14, rel=0.01)
    assert means(raised)[1] == pytest.approx(cover, abs=0.001)
    ratio = raised.demand_quantiles["quantity"] / plain.demand_quantiles["quantity"]
    assert ratio.to_numpy() == pytest.approx(sum(means(raised)) / sum(means(plain)), rel=0.002)


def test_events_on_the_same_day_multiply():
    both = forecast_with(an_event(0, 20, 2.0), an_event(0, 20, 1.5, name="Advert"))
    assert sum(means(both)) == pytest.approx(3 * sum(means(forecast_with())), rel=0.001)


@pytest.mark.parametrize("events", [2, 30, 300])
def test_events_on_the_same_day_expect_at_most_what_one_may(events):
    """However many overlap, one product's demand stays a number, and stops no plan of the others."""
    many = forecast_with(*(an_event(0, 20, 100.0, name=f"Sale {number}") for number in range(events)))
    assert sum(means(many)) == pytest.approx(100 * sum(means(forecast_with())), rel=0.001)


def test_a_factor_of_zero_sells_nothing_and_one_changes_nothing():
    closed = forecast_with(an_event(-5, 60, 0.0))
    assert (sum(means(closed)), closed.demand_quantiles["quantity"].max()) == (0, 0)
    assert forecast_with(an_event(0, 20, 1.0)).demand_quantiles.equals(forecast_with().demand_quantiles)


def test_a_longer_window_never_sells_less_than_a_shorter_one():
    quantiles = forecast_with(an_event(0, 3, 20.0)).demand_quantiles
    rising = quantiles.sort("probability", "horizon_days").group_by("probability").agg(pl.col("quantity").diff().min())
    assert (rising["quantity"].fill_null(0) >= 0).all()


def test_days_that_a_person_set_are_not_raised_by_an_event():
    until = {"overridden_demand": "10", "overridden_demand_until": str(in_days(6))}
    settings = tuple(a_setting(name, value) for name, value in until.items())
    before, cover = means(forecast_with(an_event(0, 13, 2.0), settings=settings))
    assert before == pytest.approx(7 * 10 + 7 * 8, rel=0.01)
    assert cover == pytest.approx(28, rel=0.01)


def test_an_event_of_a_bundle_raises_the_share_that_its_sales_have_in_a_parts_demand():
    demand = pl.concat([sold_every(1, 3, for_days=100), sold_every(1, 1, for_days=100, product="SET")])
    parts = pl.DataFrame([("SET", TEA, 1.0)], schema=DEMAND_TRANSFERS.schema, orient="row")
    for_set = of_products(
        an_event(0, 5, 3.0, scope="product", subject="SET"), demand=demand, transfers=parts, products=("SET", TEA)
    )
    assert for_set.select("product_code", "factor", "event_factor").rows() == [(TEA, 1.5, 3.0)]
    for_all = of_products(an_event(0, 5, 3.0), demand=demand, transfers=parts, products=("SET", TEA))
    assert for_all.select("product_code", "factor").rows() == [(TEA, 3.0)]


def test_an_event_of_an_assembled_bundle_raises_it_and_its_share_of_a_parts_demand():
    """The bundle sells 2 cups' worth a day in the form of one set, the cup sells 2 by itself."""
    demand = pl.concat([sold_every(1, 2, for_days=100), sold_every(1, 1, for_days=100, product="SET")])
    parts = pl.DataFrame([("SET", TEA, 2.0)], schema=ASSEMBLIES, orient="row")
    rows = of_products(
        an_event(0, 5, 3.0, scope="product", subject="SET"), demand=demand, products=("SET", TEA),
        transfers=where_demand_counts(empty(DEMAND_TRANSFERS), parts),
    )  # fmt: skip
    assert rows.select("product_code", "factor").rows() == [("SET", 3.0), (TEA, 2.0)]


def test_an_event_of_a_group_is_one_of_its_products():
    groups = pl.DataFrame({"group_id": ["g1", "g2"], "product_code": [TEA, "CUP"]})
    rows = of_products(an_event(0, 5, 3.0, scope="group", subject="g1"), groups=groups, products=(TEA, "CUP"))
    assert rows["product_code"].to_list() == [TEA]


def test_past_event_days_are_unknown_demand_and_leave_no_trace():
    sale = pl.concat([EVERY_DAY.filter(~pl.col("demand_date").is_between(in_days(-20), in_days(-11))),
                      sold(dict.fromkeys(range(11, 21), 40))])  # fmt: skip
    events = of_products(an_event(-20, -11, 5.0))
    usual = make_demand_matrix(without_event_days(sale, events, as_of=AS_OF), as_of=AS_OF)
    assert np.nanmax(usual.demand) == pytest.approx(28, rel=0.02)
    assert np.nansum(usual.demand) == pytest.approx(EVERY_DAY["quantity"].sum(), rel=0.02)


def test_weekly_rows_stay_weekly_rows():
    weekly = sold_every(7, 28, for_days=400)
    without = without_event_days(weekly, of_products(an_event(-20, -11, 5.0), demand=weekly), as_of=AS_OF)
    assert without["demand_date"].dt.weekday().n_unique() == 1
    assert without["quantity"].null_count() == 2


def results(
    *events: pl.DataFrame, demand: pl.DataFrame, names: dict[str, str] | None = None
) -> list[dict[str, object]]:
    rows = of_products(*events, demand=demand)
    return event_results(
        pl.concat(events), rows, demand, product_codes=[TEA], group_names=names or {}, as_of=AS_OF
    ).to_dicts()  # fmt: skip


def test_an_event_whose_effect_was_far_off_is_said_afterwards():
    sale = pl.concat([EVERY_DAY.filter(~pl.col("demand_date").is_between(in_days(-20), in_days(-11))),
                      sold(dict.fromkeys(range(11, 21), 12))])  # fmt: skip
    far, near = (results(an_event(-20, -11, factor), demand=sale)[0] for factor in (1.5, 2.5))
    assert (far["observed_factor"], far["usual_quantity"], far["state"]) == (3.0, 40.0, "over")
    assert far["is_far_off"]
    assert "3 times the usual quantity, and 1.5 times was expected" in str(far["remark"])
    assert (near["is_far_off"], near["remark"]) == (False, "")


def test_an_event_of_products_or_groups_that_are_gone_says_so():
    gone = results(an_event(2, 4, 2.0, scope="product", subject="OLD"), demand=EVERY_DAY)[0]
    assert (gone["remark"], gone["products"], gone["state"]) == ("No longer there: product OLD.", 0, "coming")
    group = results(an_event(2, 4, 2.0, scope="group", subject="g9"), demand=EVERY_DAY)[0]
    assert group["remark"] == "No longer there: group g9."


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"factor": "1e9"}, "from 0 to 100"),
        ({"factor": "-1"}, "from 0 to 100"),
        ({"factor": "NaN"}, "from 0 to 100"),
        ({"factor": "Infinity"}, "from 0 to 100"),
        ({"factor": "lots"}, "from 0 to 100"),
        ({"until_day": "2026-04-30"}, "before it begins"),
        ({"until_day": "2029-05-01"}, "366 at most"),
        ({"from_day": "1 May"}, "give a day such as"),
        ({"name": " "}, "needs a name"),
        ({"scope": "product"}, "products, groups or all products"),
    ],
)
def test_what_makes_no_event_is_refused_in_a_sentence(typed: dict[str, str], problem: str) -> None:
    given = {"name": "Sale", "from_day": "2026-05-01", "until_day": "2026-05-03", "factor": "2", "scope": "all"} | typed
    name = given.pop("name")
    with pytest.raises(EventError, match=problem):
        # a scope is typed by a person, as any word
        demand_event(name, **given)  # type: ignore[arg-type]


def test_an_event_may_lower_demand_to_nothing():
    event = demand_event("Closed", from_day="2026-05-01", until_day="2026-05-03", factor="0", scope="all")
    assert (event.factor, event.from_date) == (Decimal(0), date(2026, 5, 1))
