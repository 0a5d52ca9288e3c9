"""What the policy backtest promised before the year, and whether the year kept it: service and stock, with intervals.

What belongs here: the comparison. What does not: the backtest (`pipelines.policy_backtest`) and the year (`year.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.simulated_year.buyer import KEY
from benchmarks.simulated_year.year import Week
from pipelines.organisations.open_organisation import open_organisation
from pipelines.policy_backtest.level_prices import OURS
from pipelines.policy_backtest.policy_comparison import backtest_settings, run_backtest
from pipelines.policy_backtest.replay.organisation_past import PAST, past_of
from pipelines.policy_backtest.simulation import Counts
from pipelines.replenishment.supplier_orders.money_rules import money_rules
from pipelines.settings import read_settings
from pipelines.storage import tables
from pipelines.storage.warehouse import read_table

LEVEL: Final = 0.95
BLOCK_WEEKS: Final = 4
FEWEST_WEEKS: Final = 13
DRAWS: Final = 4_000
_INTERVAL: Final = (0.025, 0.975)

Series = NDArray[np.float64]


@dataclass(frozen=True)
class Promise:
    """The backtest's counted weeks at the service level that was asked for: kept share, stock value and fill rate."""

    kept_share: Series
    stock_value: Series
    fill_rate: Series
    weeks_until_counted: int

    def sentence(self) -> str:
        """What is promised."""
        return (
            f"Promised: {self.kept_share.mean():.1%} of product weeks without a stock-out, {self.fill_rate.mean():.1%} "
            f"of units served, a stock of {self.stock_value.mean():,.0f}; counted from week {self.weeks_until_counted}."
        )


@dataclass(frozen=True)
class Compared:
    """A figure that was promised, the interval of a year of it, and what the year came to.

    The year is judged by what the promise can know: figures that hold what no order could reach are only shown.
    """

    name: str
    promised: float
    low: float
    high: float
    achieved: float
    is_judged: bool

    @property
    def is_kept(self) -> bool:
        """Whether the year lies in the interval."""
        return self.low <= self.achieved <= self.high


def promise_of() -> Promise:
    """What the policy backtest says of the past in this home, run as the command `stocktrim backtest` runs it."""
    with open_organisation(read_settings(), KEY).warehouse() as warehouse:
        planning_settings = read_table(warehouse, tables.PLANNING_SETTINGS)
        history = past_of([read_table(warehouse, table) for table in PAST], money_rules(planning_settings))
        settings = backtest_settings(planning_settings, service_levels=[LEVEL])
    counts = run_backtest(history, settings, progress=lambda _: None).counts[OURS]
    return _promise(counts)


def _promise(counts: Counts) -> Promise:
    sums = {name: getattr(counts, name).sum(axis=(1, 2)) for name in (
        "kept_periods", "periods", "stock_value", "served_units", "demand_units",
    )}  # fmt: skip
    counted = sums["periods"] > 0
    of = {name: values[counted] for name, values in sums.items()}
    return Promise(
        of["kept_periods"] / of["periods"], of["stock_value"], of["served_units"] / of["demand_units"],
        int(np.argmax(counted)),
    )  # fmt: skip


def compare(promise: Promise, weeks: Sequence[Week]) -> list[Compared]:
    """Each promised figure beside the year's, from the first week that depends on the policy's own orders.

    Nothing, if too few weeks are left for an interval.
    """
    own = weeks[promise.weeks_until_counted :]
    if len(own) < FEWEST_WEEKS:
        return []
    reachable, of_all = [week.reachable for week in own], [week.of_all for week in own]
    kept, filled = "weeks without a stock-out", "fill rate in units"
    in_reach, everything = ", where an order could reach", ", all"
    return [
        _compared(kept + in_reach, promise.kept_share, [one.kept_share for one in reachable], is_judged=True),
        _compared(kept + everything, promise.kept_share, [one.kept_share for one in of_all], is_judged=False),
        _compared(filled + in_reach, promise.fill_rate, [one.fill_rate for one in reachable], is_judged=True),
        _compared(filled + everything, promise.fill_rate, [one.fill_rate for one in of_all], is_judged=False),
        _compared("stock value", promise.stock_value, [week.stock_value for week in own], is_judged=True),
    ]


def broken(compared: Sequence[Compared]) -> list[Compared]:
    """The judged figures that lie outside of their interval."""
    return [one for one in compared if one.is_judged and not one.is_kept]


def _compared(name: str, promised: Series, achieved: Sequence[float], *, is_judged: bool) -> Compared:
    r"""The interval of the mean of a year to come.

    Blocks of weeks are drawn from the backtest twice, for what the backtest does not know and for what the year may
    bring: low, high = m + quantiles of $(\bar b_1 - m) - (\bar b_2 - m)$ (a predictive block bootstrap).
    """
    rng = np.random.default_rng(0)
    mean = float(promised.mean())
    known, to_come = (_block_means(promised, count, rng) for count in (len(promised), len(achieved)))
    low, high = mean + np.quantile((known - mean) - (to_come - mean), _INTERVAL)
    return Compared(name, mean, float(low), float(high), float(np.mean(achieved)), is_judged)


def _block_means(weeks: Series, count: int, rng: np.random.Generator) -> Series:
    """Means of so many weeks, drawn in blocks of neighbours."""
    starts = rng.integers(0, len(weeks), (DRAWS, -(-count // BLOCK_WEEKS)))
    places = (starts[:, :, None] + np.arange(BLOCK_WEEKS)) % len(weeks)
    return np.asarray(weeks[places.reshape(DRAWS, -1)[:, :count]].mean(axis=1))
