"""CPU seconds and peak memory of every stage, each in a process of its own, at several sizes.

    python -m benchmarks.stages [--json]

The generated wholesaler at two sizes and, where STOCKTRIM_SALES_FILE names a file, real sales. What a stage costs is
shown as its share of the run and as its growth from the smaller size: seconds depend on the machine, these hardly do.
A stage's cost contains the start of Python and of its libraries, which is all that a small organisation pays for.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Final

from rich.console import Console
from rich.table import Table

from stocktrim_cli.serve import free_port, stop, wait_for_port

STAGES: Final = {
    "raw": "load_from_xero decisions",
    "marts": "warehouse_models",
    "parameters": "parameters",
    "forecast": "model_choice demand",
    "plan": "order_plan",
    "drafts": "purchase_order_drafts",
    "publish": "published__snapshot",
}
SIZES: Final = {"100 products": ("--products", "100"), "400 products": ("--products", "400")}


@dataclass(frozen=True)
class Cost:
    """What a stage took at a size."""

    size: str
    stage: str
    cpu_seconds: float
    wall_seconds: float
    peak_megabytes: float


def main() -> None:
    """Measure, and print the table or the JSON."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    arguments.add_argument("--json", action="store_true", help="print the costs for another program")
    is_json = arguments.parse_args().json
    costs = [cost for name, words in _sizes().items() for cost in _measured(name, words)]
    if is_json:
        print(json.dumps([asdict(cost) for cost in costs], indent=2))
    else:
        Console().print(_table(costs))


def _sizes() -> dict[str, tuple[str, ...]]:
    file = os.environ.get("STOCKTRIM_SALES_FILE")
    real: dict[str, tuple[str, ...]] = {"real sales": ("--sales", file)} if file else {}
    return SIZES | real


def _measured(size: str, words: tuple[str, ...]) -> Iterator[Cost]:
    with tempfile.TemporaryDirectory() as home, sandbox(words) as address:
        environment = {
            **os.environ, "STOCKTRIM_HOME": home, "XERO_API_URL": address, "XERO_IDENTITY_URL": address,
            "XERO_CLIENT_ID": "bench", "XERO_CLIENT_SECRET": "bench",
        }  # fmt: skip
        stocktrim = [sys.executable, "-m", "stocktrim_cli.main"]
        _run([*stocktrim, "connect", "--custom"], environment)
        for stage, steps in STAGES.items():
            print(f"{size}: {stage} ...", file=sys.stderr)
            command = [sys.executable, "-m", "benchmarks.one_stage", *steps.split()]
            yield _run(command, environment, size=size, stage=stage)


@contextmanager
def sandbox(words: tuple[str, ...]) -> Iterator[str]:
    """The address of a sandbox in a process of its own, started with these options of `stocktrim sandbox`."""
    port = free_port(8765)
    command = [sys.executable, "-m", "stocktrim_cli.main", "sandbox", "--port", str(port), *words]
    environment = {**os.environ, "XERO_CLIENT_ID": "bench", "XERO_CLIENT_SECRET": "bench"}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment) as process:  # noqa: S603, our own
        try:
            wait_for_port(port, {"the sandbox": process}, patience_seconds=300)
            yield f"http://127.0.0.1:{port}"
        finally:
            stop(process)


def _run(command: list[str], environment: dict[str, str], *, size: str = "", stage: str = "") -> Cost:
    """Run a command below a small process, so that its memory is its own, and say what it took."""
    began = time.monotonic()
    measuring = [sys.executable, "-m", "benchmarks.measuring", *command]
    done = subprocess.run(measuring, env=environment, stdout=subprocess.PIPE, check=False)  # noqa: S603, our own
    if done.returncode:
        sys.exit(f"{' '.join(command[2:])} ended with {done.returncode}.")
    cpu_seconds, peak_megabytes = json.loads(done.stdout)
    return Cost(size, stage, cpu_seconds, time.monotonic() - began, peak_megabytes)


def _table(costs: list[Cost]) -> Table:
    table = Table("size", "stage", title="What each stage costs", title_justify="left")
    for name in ("CPU s", "share", "wall s", "peak MB", "growth"):
        table.add_column(name, justify="right")
    smaller: dict[str, float] = {}
    for cost in costs:
        whole = sum(stage.cpu_seconds for stage in costs if stage.size == cost.size)
        before = smaller.get(cost.stage)
        table.add_row(
            cost.size, cost.stage, f"{cost.cpu_seconds:.1f}", f"{cost.cpu_seconds / whole:.0%}",
            f"{cost.wall_seconds:.1f}", f"{cost.peak_megabytes:,.0f}",
            f"x {cost.cpu_seconds / before:.1f}" if before else "", end_section=cost.stage == list(STAGES)[-1],
        )  # fmt: skip
        smaller[cost.stage] = cost.cpu_seconds
    return table


if __name__ == "__main__":
    main()
