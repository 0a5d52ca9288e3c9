"""What building the warehouse costs, from `raw` to the marts, and how it grows with the sales lines.

    python -m benchmarks.warehouse [--lines 100000 1000000 5000000] [--json]

Sales, credit notes, orders and bills of a company of each size are written straight into `raw`, and dbt builds and
tests everything as a run does, in a process of its own. The empty company shows what dbt's own start takes.
"""

import argparse
import json
import os
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.measuring import Cost, cost_of
from pipelines.storage.warehouse import FILE_NAME, open_warehouse

SIZES: Final = (0, 100_000, 1_000_000, 5_000_000)
PROJECT: Final = Path(__file__).resolve().parents[1] / "dbt_project"
RAW: Final = Path(__file__).with_name("raw_of_any_size.sql")


@dataclass(frozen=True)
class BuildCost:
    """What a build took at a size."""

    lines: int
    cpu_seconds: float
    peak_megabytes: float


def main() -> None:
    """Measure, and print the table or the JSON."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    arguments.add_argument("--lines", type=int, nargs="+", default=list(SIZES), help="sales lines of each company")
    arguments.add_argument("--json", action="store_true", help="print the costs for another program")
    options = arguments.parse_args()
    costs = [measure(lines) for lines in options.lines]
    if options.json:
        print(json.dumps([asdict(cost) for cost in costs], indent=2))
    else:
        Console().print(_table(costs))


def measure(lines: int) -> BuildCost:
    """Write a company of so many sales lines, build it once to warm dbt up, and measure the second build."""
    print(f"{lines:,} sales lines ...", file=sys.stderr)
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        write_raw(folder, lines=lines)
        _dbt(folder, "parse")
        cost = _dbt(folder, "build", "--exclude-resource-type", "unit_test")
    return BuildCost(lines, cost.cpu_seconds, cost.peak_megabytes)


def write_raw(folder: Path, *, lines: int) -> None:
    """A company's documents in `raw`, the same for the same size."""
    with open_warehouse(folder) as connection:
        connection.execute(RAW.read_text().replace("$lines", str(lines))).complete()


def _dbt(folder: Path, *words: str) -> Cost:
    """What dbt took."""
    dbt = [str(Path(sys.executable).with_name("dbt")), "--quiet", "--log-path", str(folder / "logs"), *words]
    places = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(folder / "dbt")]
    environment = os.environ | {"STOCKTRIM_WAREHOUSE": str(folder / FILE_NAME), "DO_NOT_TRACK": "1"}
    return cost_of([*dbt, *places], environment)


def _table(costs: list[BuildCost]) -> Table:
    table = Table(title="What building the warehouse costs", title_justify="left")
    for name in ("sales lines", "CPU s", "over the smallest", "per million lines", "peak MB"):
        table.add_column(name, justify="right")
    start = costs[0].cpu_seconds
    for cost in costs:
        over = cost.cpu_seconds - start
        table.add_row(
            f"{cost.lines:,}", f"{cost.cpu_seconds:.1f}", f"{over:.1f}",
            f"{over / cost.lines * 1e6:.1f}" if cost.lines else "", f"{cost.peak_megabytes:,.0f}",
        )  # fmt: skip
    return table


if __name__ == "__main__":
    main()
