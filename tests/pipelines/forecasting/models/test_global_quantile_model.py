"""The global quantile model is calibrated for demand that it has not seen, even with few products to learn from."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from pipelines.forecasting.distribution import PROBABILITIES, forecast_distribution
from pipelines.forecasting.history.demand_matrix import DemandMatrix, make_demand_matrix
from pipelines.forecasting.history.demand_patterns import demand_patterns
from pipelines.forecasting.history.windows import Window, sums_after_origins
from pipelines.forecasting.models import global_quantile_model
from pipelines.forecasting.models.features import origin_statistics
from pipelines.forecasting.models.global_quantile_model import GlobalQuantileModel, global_quantiles
from pipelines.forecasting.models.model_registry import GLOBAL_MODEL, WindowModels, fit_to_windows
from tests.pipelines.forecasting.demand_builders import a_company
from tests.pipelines.planning_builders import AS_OF

WINDOW = Window(0, 28)
LEARNED_UNTIL, WEEKS = 100, 150
PROBED = np.array([0.8, 0.9, 0.95, 0.98])


@pytest.fixture(scope="module")
def whole() -> WindowModels:
    """A small lumpy company, with the weeks that are not learned from."""
    return seen_at(make_demand_matrix(a_company(60, weeks=WEEKS, size=0.2, by_week=True), as_of=AS_OF))


def seen_at(weekly: DemandMatrix) -> WindowModels:
    as_of = AS_OF - timedelta(weeks=WEEKS - weekly.periods)
    statistics = origin_statistics(weekly, as_of=as_of)
    return WindowModels(statistics, WINDOW, sums_after_origins(weekly, WINDOW), demand_patterns(weekly))


@pytest.fixture(scope="module")
def global_model(whole: WindowModels) -> GlobalQuantileModel:
    fitted = fit_to_windows([seen_at(whole.statistics.matrix.until(LEARNED_UNTIL))], origins=LEARNED_UNTIL, seed=0)
    assert fitted is not None
    return fitted


def shares_kept(global_model: GlobalQuantileModel, whole: WindowModels, *, has_just_sold: bool) -> np.ndarray:
    """How often the demand of the weeks that were not learned from stays at or below each quantile."""
    statistics, rows, held = whole.statistics, np.arange(len(whole.sums)), []
    for origin in range(LEARNED_UNTIL, WEEKS - 3):
        then = seen_at(statistics.matrix.until(origin))
        parametric = then.latest_quantiles(then.reactive, rows, PROBABILITIES)
        quantiles = global_quantiles(
            global_model, then.latest_rows(rows), parametric=parametric, probabilities=PROBABILITIES
        )
        kept = whole.sums[:, [origin]] <= quantiles[:, np.isin(PROBABILITIES, PROBED)]
        held.append(kept[statistics.group[:, origin] % 2 == has_just_sold])
    return np.concatenate(held).mean(axis=0)


@pytest.mark.parametrize("has_just_sold", [True, False])
def test_quantiles_are_calibrated_for_weeks_that_were_not_learned_from(
    whole: WindowModels, global_model: GlobalQuantileModel, has_just_sold: bool
):
    held = shares_kept(global_model, whole, has_just_sold=has_just_sold)
    assert held == pytest.approx(PROBED, abs=0.03)


def test_trees_alone_are_too_narrow_for_weeks_that_they_did_not_see(
    whole: WindowModels, global_model: GlobalQuantileModel
):
    bare = replace(global_model, share=0.0, shift=np.zeros_like(global_model.shift))
    assert (shares_kept(bare, whole, has_just_sold=True) < PROBED - 0.01).all()


def test_a_first_year_in_which_demand_fell_does_not_lower_what_the_next_one_needs():
    """Demand that falls week by week: the forecast was too high, and it takes a second year to prove that."""
    falling = (
        make_demand_matrix(
            a_company(60, weeks=weeks, by_week=True).with_columns(
                quantity=(pl.col("quantity") * 3 * 0.97 ** ((pl.col("demand_date").rank("dense") - 1) % 52)).round()
            ),
            as_of=AS_OF,
        )
        for weeks in (52, 104)
    )
    models = [fit_to_windows([seen_at(matrix)], origins=matrix.periods, seed=0) for matrix in falling]
    one_year, two_years = (model.shift.min() for model in models if model is not None)
    assert one_year == 0
    assert two_years < 0


def test_trees_are_fitted_once_however_many_windows_are_forecast(monkeypatch: pytest.MonkeyPatch):
    fits = []

    def counted(*given: Any, **named: Any) -> Any:
        fits.append(given)
        return fit(*given, **named)

    fit = global_quantile_model._fit
    monkeypatch.setattr(global_quantile_model, "_fit", counted)
    sales = a_company(60, weeks=60, size=0.2, by_week=True)
    windows = sales.select(pl.col("product_code").unique()).join(
        pl.DataFrame({"start_days": [0, 0, 0, 0, 21, 42], "horizon_days": [14, 28, 49, 91, 7, 14]}), how="cross"
    )
    forecast_distribution(sales, windows, as_of=AS_OF, choice=dict.fromkeys(windows["product_code"], GLOBAL_MODEL))
    halves = 2
    assert len(fits) == halves
