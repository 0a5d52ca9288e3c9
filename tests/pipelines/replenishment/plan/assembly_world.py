"""A small two-level world, simulated day by day: pairs of a bundle and its part, planned by the real plan each week."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from pipelines.forecasting.distribution import PROBABILITIES
from pipelines.forecasting.forecast_tables import Forecast
from pipelines.forecasting.history.demand_matrix import Matrix
from pipelines.replenishment.plan.order_plan import PlanInputs, make_plan
from pipelines.storage.tables import DEMAND_FORECAST, DEMAND_HORIZONS, DEMAND_QUANTILES, MODEL_CHOICE
from tests.pipelines.planning_builders import AS_OF, a_product, a_setting, in_days, in_stock, inputs, on_order

UNITS, REVIEW, LEAD, ASSEMBLY = 2, 7, 14, 2
BUNDLES_A_DAY, PARTS_A_DAY = 2.0, 3.0
SEED = 11
Row = dict[str, Any]


@dataclass
class Service:
    """Shares of weeks without a lost sale, shares of demand served, and mean stock of parts, those in bundles too."""

    bundle_weeks: float
    part_weeks: float
    bundle_fill: float
    part_fill: float
    stock_in_parts: float


def simulated(pairs: int, weeks: int, *, is_assembled: bool, warm_up: int = 6, service_level: str = "0.95") -> Service:
    """The service of many pairs over some weeks, after some to warm up."""
    random = np.random.default_rng(SEED)
    days = (weeks + warm_up) * REVIEW
    bundles = random.poisson(BUNDLES_A_DAY, (days, pairs)).astype(float)
    parts = random.poisson(PARTS_A_DAY, (days, pairs)).astype(float)
    plan = _Planner(pairs, is_assembled=is_assembled, service_level=service_level)
    finished, stock = np.full(pairs, 30.0 if is_assembled else 0.0), np.full(pairs, 180.0)
    due: list[tuple[int, Matrix]] = []
    ready: list[tuple[int, Matrix]] = []
    lost, wanted, held = [np.zeros((days, pairs)) for _ in range(2)], (bundles, parts), []
    for day in range(days):
        stock += sum((units for at, units in due if at == day), np.zeros(pairs))
        finished += sum((units for at, units in ready if at == day), np.zeros(pairs))
        due, ready = [[row for row in rows if row[0] > day] for rows in (due, ready)]
        if day % REVIEW == 0:
            ordered, assembled = plan(finished, stock, [(at - day, units) for at, units in due])
            due.append((day + LEAD, ordered))
            begun = np.minimum(assembled, np.floor(stock / UNITS))
            stock -= UNITS * begun
            ready.append((day + ASSEMBLY, begun))
            finished += begun if ASSEMBLY == 0 else 0.0
        if is_assembled:
            sold = np.minimum(finished, bundles[day])
            finished -= sold
        else:
            sold = np.minimum(np.floor(stock / UNITS), bundles[day])
            stock -= UNITS * sold
        alone = np.minimum(stock, parts[day])
        stock -= alone
        lost[0][day], lost[1][day] = bundles[day] - sold, parts[day] - alone
        held.append(stock + UNITS * finished)
    counted = slice(warm_up * REVIEW, None)
    kept = [1 - (one[counted].reshape(-1, REVIEW, pairs).sum(axis=1) > 0).mean() for one in lost]
    fill = [1 - one[counted].sum() / all_of[counted].sum() for one, all_of in zip(lost, wanted, strict=True)]
    return Service(*map(float, (*kept, *fill, np.mean(held[warm_up * REVIEW :]))))


class _Planner:
    """The plan of all pairs by the exact distribution of their demand."""

    def __init__(self, pairs: int, *, is_assembled: bool, service_level: str) -> None:
        self.sets, self.cups = ([f"{kind}-{pair:03d}" for pair in range(pairs)] for kind in ("SET", "CUP"))
        self.is_assembled = is_assembled
        settings = [
            a_setting("service_level", service_level, level="global", subject=""),
            a_setting("lead_time_days", str(LEAD), level="global", subject=""),
            *(a_setting("bundle_of", f"{cup}:{UNITS}", subject=one)
              for one, cup in zip(self.sets, self.cups, strict=True)),
        ]  # fmt: skip
        if is_assembled:
            for one in self.sets:
                settings.append(a_setting("is_assembled", "true", subject=one))
                settings.append(a_setting("manufacturing_time_days", str(ASSEMBLY), subject=one))
        self.books = inputs(*(a_product(code) for code in (*self.sets, *self.cups)), *settings)
        self.parameters = self.books.parameters
        self.forecast = self._forecast()

    def __call__(self, finished: Matrix, stock: Matrix, due: list[tuple[int, Matrix]]) -> tuple[Matrix, Matrix]:
        """The parts to order and the bundles to assemble, by stock and by what is on order: days ahead, units."""
        on_hand = dict(zip((*self.sets, *self.cups), (*finished.tolist(), *stock.tolist()), strict=True))
        orders = [
            on_order(float(units[pair]), arriving=in_days(ahead), product=cup, order_date=in_days(ahead - LEAD))
            for ahead, units in due for pair, cup in enumerate(self.cups) if units[pair] > 0
        ]  # fmt: skip
        now = PlanInputs(
            self.books.products, pl.concat(in_stock(units, product=code) for code, units in on_hand.items()),
            pl.concat([self.books.stock_on_order, *orders]), self.books.planning_settings,
        )  # fmt: skip
        plan = make_plan(now, self.parameters, self.forecast, as_of=AS_OF, plan_id="p").order_plan
        units = {row[0]: row[1:] for row in plan.select("product_code", "order_quantity", "assembly_quantity").rows()}
        return np.array([units[cup][0] for cup in self.cups]), np.array([units[one][1] for one in self.sets])

    def _forecast(self) -> Forecast:
        """The exact forecast: Poisson sales of bundles, and for parts twice these and their own."""
        random = np.random.default_rng(1)
        horizons = {"SET": ASSEMBLY + REVIEW, "CUP": LEAD + REVIEW}
        rate = {"SET": BUNDLES_A_DAY, "CUP": PARTS_A_DAY + UNITS * BUNDLES_A_DAY}
        variance = {"SET": BUNDLES_A_DAY, "CUP": PARTS_A_DAY + UNITS**2 * BUNDLES_A_DAY}
        codes = {"SET": self.sets if self.is_assembled else [], "CUP": self.cups}
        drawn = {
            "SET": random.poisson(BUNDLES_A_DAY * horizons["SET"], 200_000),
            "CUP": random.poisson(PARTS_A_DAY * horizons["CUP"], 200_000)
            + UNITS * random.poisson(BUNDLES_A_DAY * horizons["CUP"], 200_000),
        }
        quantiles: list[Row] = []
        path: list[Row] = []
        parts: list[Row] = []
        model: list[Row] = []
        for kind, every in codes.items():
            levels = np.quantile(drawn[kind], PROBABILITIES, method="inverted_cdf")
            lead = horizons[kind] - REVIEW
            for code in every:
                quantiles += [
                    {"product_code": code, "horizon_days": horizons[kind], "probability": p, "quantity": float(q)}
                    for p, q in zip(PROBABILITIES, levels, strict=True)
                ]  # fmt: skip
                path += [
                    {"product_code": code, "period_start_date": in_days(7 * week), "quantity": 7 * rate[kind]}
                    for week in range(4)
                ]
                parts.append({
                    "product_code": code, "horizon_days": horizons[kind], "lead_time_days": lead, "history_weeks": 100,
                    "demand_before_arrival": lead * rate[kind], "demand_in_cover": REVIEW * rate[kind],
                    "weekly_variance": 7 * variance[kind],
                })  # fmt: skip
                model.append({"product_code": code, "demand_class": "smooth", "model": "nb"})
        frames = [(MODEL_CHOICE, model), (DEMAND_FORECAST, path), (DEMAND_QUANTILES, quantiles),
                  (DEMAND_HORIZONS, parts)]  # fmt: skip
        return Forecast(*(pl.DataFrame(rows, schema=table.schema, orient="row") for table, rows in frames))
