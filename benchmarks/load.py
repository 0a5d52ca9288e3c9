"""What a full load costs: calls, megabytes, CPU seconds and memory of our client, parser and landing.

    python -m benchmarks.load [--json] [--large]

In the same run xero-python's own models read the same lists and land the same rows. Imports are not counted. With
`--large`, 25,000 and 100,000 invoices of ten lines: memory must not grow with the pages, and time only in proportion.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx2
import pyarrow as pa  # noqa: F401, both readers need it at their first frame, and imports are not counted
from rich.console import Console
from rich.table import Table

from benchmarks.serving import served
from xero_sandbox.identity.authorization_server import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET

USUAL: Final = 5_000
LARGE: Final = (25_000, 100_000)
RUNS: Final = 3
"""Of these the cheapest counts: what else runs on a machine can only add to it."""
SHARE_OF_MODELS: Final = 0.25
BOUND_MEBIBYTES: Final = 600
TOLERANCE: Final = 0.15
READERS: Final = {"stocktrim": "benchmarks.load_by_us", "xero-python's models": "benchmarks.load_by_models"}


@dataclass(frozen=True)
class Cost:
    """What a reader took for a size; `memory` is what it needed beyond its imports, `peak` all of it, in MiB."""

    reader: str
    invoices: int
    rows: int
    calls: int
    megabytes: float
    cpu_seconds: float
    memory: float
    peak: float


def main() -> None:
    """Measure, print the table or the JSON, and fail where a load costs more than promised."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    arguments.add_argument("--json", action="store_true", help="print the costs for another program")
    arguments.add_argument("--large", action="store_true", help="how cost grows up to 100,000 invoices")
    given = arguments.parse_args()
    costs = list(_growth() if given.large else _compared())
    print(json.dumps([asdict(cost) for cost in costs], indent=2) if given.json else "", end="")
    if not given.json:
        Console().print(_table(costs))
    sys.exit((_growth_promises if given.large else _compared_promises)(costs))


def _compared() -> Iterator[Cost]:
    with served(USUAL) as sandbox:
        for reader in READERS:
            yield min(
                (_measured(reader, USUAL, sandbox.address) for _ in range(RUNS)), key=lambda cost: cost.cpu_seconds
            )


def _growth() -> Iterator[Cost]:
    for invoices in LARGE:
        with served(invoices) as sandbox:
            yield _measured("stocktrim", invoices, sandbox.address)


def _compared_promises(costs: list[Cost]) -> str | None:
    ours, models = costs
    is_kept = ours.cpu_seconds <= SHARE_OF_MODELS * models.cpu_seconds
    return None if is_kept else f"Promised: {SHARE_OF_MODELS:.0%} of the models' CPU seconds at most."


def _growth_promises(costs: list[Cost]) -> str | None:
    small, large = costs
    growth, in_proportion = large.cpu_seconds / small.cpu_seconds, large.invoices / small.invoices
    is_kept = large.peak < BOUND_MEBIBYTES and growth <= in_proportion * (1 + TOLERANCE)
    return None if is_kept else f"Promised: less than {BOUND_MEBIBYTES} MiB, and CPU seconds in proportion to the rows."


def _measured(reader: str, invoices: int, address: str) -> Cost:
    httpx2.post(f"{address}/_admin/stats/reset")
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", READERS[reader], address, home]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603, our own
    printed = json.loads(done.stdout)
    counts = httpx2.get(f"{address}/_admin/stats", timeout=60).json()["counts"]
    return Cost(
        reader, invoices, printed["rows"], counts["accounting_requests"], counts["raw_bytes"] / 1e6,
        printed["cpu_seconds"], printed["memory"], printed["peak"],
    )  # fmt: skip


def _table(costs: list[Cost]) -> Table:
    table = Table("reader", "invoices", title="What a full load costs", title_justify="left")
    for name in ("rows", "calls", "MB", "CPU s", "CPU ratio", "memory MiB", "peak MiB"):
        table.add_column(name, justify="right")
    for cost in costs:
        ratio = cost.cpu_seconds / costs[0].cpu_seconds
        table.add_row(
            cost.reader, f"{cost.invoices:,}", f"{cost.rows:,}", f"{cost.calls}", f"{cost.megabytes:.1f}",
            f"{cost.cpu_seconds:.2f}", f"x {ratio:.2f}", f"{cost.memory:.0f}", f"{cost.peak:.0f}",
        )  # fmt: skip
    return table


def memory_now() -> float:
    """The resident memory of this process in MiB."""
    return _status("VmRSS")


def print_cost(*, rows: int, cpu_seconds: float, memory_before: float) -> None:
    """Print what a reader used; the peak is this program's own, not that of the process which started it."""
    peak = _status("VmHWM")
    print(json.dumps({"rows": rows, "cpu_seconds": cpu_seconds, "memory": peak - memory_before, "peak": peak}))


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


class Token:
    """A token of the sandbox's one app."""

    def __init__(self, address: str) -> None:
        form, app = {"grant_type": "client_credentials"}, (DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET)
        self._value: str = httpx2.post(f"{address}/connect/token", data=form, auth=app).json()["access_token"]

    def current(self) -> str:
        """The token."""
        return self._value

    def renewed(self) -> str:
        """The token, which is good for half an hour."""
        return self._value

    def lost(self) -> None:
        """Nothing is noted."""


def tenant_of(address: str, token: Token) -> str:
    """The one organisation's tenant id."""
    headers = {"Authorization": f"Bearer {token.current()}"}
    found: list[dict[str, Any]] = httpx2.get(f"{address}/connections", headers=headers).json()
    return str(found[0]["tenantId"])


def now() -> datetime:
    """The instant at which a reader begins."""
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
