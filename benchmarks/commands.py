"""What each command costs a company of 400 products, beside the floor that Dagster and dbt set; and how plans grow.

    python -m benchmarks.commands [--products 400] [--sizes 400 4000 40000] [--json]

Real commands, each in a process of its own, against a sandbox in another. Every command meets what its name says: new
documents are written in the sandbox, whose clock moves from yesterday to today, and settings are set by the command for
it. The floor (`floor.py`) is measured in the same run; seconds depend on the machine, ratios to the floor hardly do.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks import forecast_speed
from benchmarks.measuring import Cost, cost_of
from benchmarks.sandbox import advance_clock, environment_of, sandbox, write_day

STOCKTRIM: Final = (sys.executable, "-m", "stocktrim_cli.main")
# No command runs this job of the daily schedule, so it is started as `stocktrim plan` starts its own.
LOAD_AND_PLAN: Final = (
    sys.executable, "-c",
    "from stocktrim_cli.runs import run_job; run_job('load_and_plan', organisation='demo')",
)  # fmt: skip
DAY_SECONDS: Final = 24 * 60 * 60
SIZES: Final = (400, 4_000)
FLOOR: Final = "floor"
PROGRESS: Final = Console(stderr=True)


@dataclass(frozen=True)
class Company:
    """A company whose books are in a sandbox, and the environment of commands for it."""

    address: str
    environment: Mapping[str, str]
    yesterday: date

    def run(self, *words: str) -> str:
        """What a command prints; the whole program ends if it fails."""
        command = [*STOCKTRIM, *words]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)  # noqa: S603, our own
        if done.returncode:
            sys.exit(f"{done.stderr}{' '.join(words)} ended with {done.returncode}.")
        return done.stdout

    def cost(self, *words: str) -> Cost:
        """The cost of a command."""
        return cost_of([*STOCKTRIM, *words], self.environment)

    @property
    def plan(self) -> tuple[str, ...]:
        """The command that plans as of yesterday."""
        return "plan", "--as-of", self.yesterday.isoformat()


def load_nothing(company: Company) -> Cost:
    """Everything was loaded a moment ago; the plan before was made as of another day."""
    company.run("load")
    return company.cost("load")


def load_day(company: Company) -> Cost:
    """Yesterday's documents were written since the last load."""
    _write_day(company, company.yesterday)
    return company.cost("load")


def plan_new_sales(company: Company) -> Cost:
    """Yesterday's documents were loaded since the last plan."""
    return company.cost(*company.plan)


def plan_nothing(company: Company) -> Cost:
    """The last plan was made from the same data, settings and day."""
    return company.cost(*company.plan)


def plan_setting(company: Company) -> Cost:
    """The service level of one product was changed since the last plan."""
    (product, *_) = json.loads(company.run("plan", "show", "--limit", "1", "--json"))["order_plan"]
    company.run("settings", "set", "service_level", "0.99", "--product", product["product_code"])
    return company.cost(*company.plan)


def load_and_plan(company: Company) -> Cost:
    """It is the next day, and its documents were written since the last load."""
    advance_clock(company.address, DAY_SECONDS)
    _write_day(company, company.yesterday + timedelta(days=1))
    return cost_of(LOAD_AND_PLAN, company.environment)


def orders_send(company: Company) -> Cost:
    """One draft of the last plan was approved."""
    order = json.loads(company.run("orders", "list", "--json"))[0]["order_id"]
    company.run("orders", "approve", order, "--even-if-stale", "--even-if-below-minimum")
    return company.cost("orders", "send")


def demo(company: Company) -> Cost:
    """The home is empty, and the demo starts a sandbox of its own."""
    with tempfile.TemporaryDirectory() as home:
        return cost_of([*STOCKTRIM, "demo"], {**company.environment, "STOCKTRIM_HOME": home})


# In this order each finds what it needs: the new sales are loaded, and the plan that is then repeated is made.
SCENARIOS: Final[dict[str, Callable[[Company], Cost]]] = {
    "load (nothing new)": load_nothing,
    "load (a day's documents)": load_day,
    "plan (new sales)": plan_new_sales,
    "plan (nothing changed)": plan_nothing,
    "plan (one setting changed)": plan_setting,
    "load_and_plan (a day's documents)": load_and_plan,
    "orders send": orders_send,
    "demo": demo,
}


def main() -> None:
    """Measure, and print the tables or the JSON."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    arguments.add_argument("--products", type=int, default=SIZES[0], help="products of the company")
    arguments.add_argument("--sizes", type=int, nargs="*", default=list(SIZES), help="products of each growing company")
    arguments.add_argument("--json", action="store_true", help="print the costs for another program")
    given = arguments.parse_args()
    costs = {FLOOR: floor(), **commands(given.products)}
    growth = forecast_speed.costs_by_size(given.sizes)
    if given.json:
        print(
            json.dumps({"commands": {name: asdict(cost) for name, cost in costs.items()}, "growth": growth}, indent=2)
        )
        return
    Console(width=160).print(_table(costs, given.products), forecast_speed.table(growth))


def floor() -> Cost:
    """The cost of the empty job, the second time that it runs."""
    with tempfile.TemporaryDirectory() as folder, _progress(FLOOR):
        command = [sys.executable, "-m", "benchmarks.floor"]
        subprocess.run([*command, "prepare", folder], check=True)  # noqa: S603, our own
        for _ in range(2):
            cost = cost_of([*command, "run", folder], {**os.environ, "DO_NOT_TRACK": "1"})
    return cost


def commands(products: int) -> dict[str, Cost]:
    """The cost of each command for a company of so many products, by its name."""
    today = datetime.now(UTC).date()
    last_day = (today - timedelta(days=2)).isoformat()
    costs = {}
    with tempfile.TemporaryDirectory() as home, sandbox(("--products", str(products), "--end", last_day)) as address:
        company = Company(address, environment_of(home, address), yesterday=today - timedelta(days=1))
        with _progress("connecting, a first load and a first plan"):
            advance_clock(address, -DAY_SECONDS)
            company.run("connect", "--custom")
            company.run("load")
            company.run(*company.plan)
        for name, measure in SCENARIOS.items():
            with _progress(name):
                costs[name] = measure(company)
    return costs


def _write_day(company: Company, day: date) -> None:
    written = write_day(company.address, day)
    if written == 0:
        sys.exit("The sandbox accepted no document of the day.")
    PROGRESS.print(f"  wrote {written} documents of {day}")


@contextmanager
def _progress(name: str) -> Iterator[None]:
    """Tell what begins, and how long it took."""
    began = time.monotonic()
    PROGRESS.print(f"{name} ...")
    with PROGRESS.status(name):
        yield
    PROGRESS.print(f"  {time.monotonic() - began:.0f} s", style="dim")


def _table(costs: Mapping[str, Cost], products: int) -> Table:
    table = Table("command", title=f"What each command costs, {products:,} products", title_justify="left")
    for name in ("CPU s", "x floor", "wall s", "peak MB", "CPU s of the sandbox"):
        table.add_column(name, justify="right")
    for name, cost in costs.items():
        table.add_row(
            name, f"{cost.cpu_seconds:.1f}", f"{cost.cpu_seconds / costs[FLOOR].cpu_seconds:.2f}",
            f"{cost.wall_seconds:.1f}", f"{cost.peak_megabytes:,.0f}", f"{cost.sandbox_cpu_seconds:.1f}",
            end_section=name == FLOOR,
        )  # fmt: skip
    return table


if __name__ == "__main__":
    main()
