"""How fast the sandbox serves invoice pages, and how much memory it holds, at several sizes.

    python -m benchmarks.sandbox_speed [--json]

Each size runs in a process of its own and is read over HTTP by a client that only counts bytes, page after page of a
thousand invoices of ten lines, once with every document yet to be rendered and once more. The bound is on
the megabytes a second that the client sees, on two cores; beside it stand the megabytes a CPU second of the sandbox,
which a busy machine hardly changes, the peak of memory, and the growth from the size before.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from typing import Final
from urllib.parse import urlencode

from rich.console import Console
from rich.table import Table

from benchmarks.serving import served
from xero_sandbox.identity.authorization_server import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET

INVOICES: Final = (5_000, 20_000, 100_000)
PAGE_SIZE: Final = 1_000
BOUND_MEGABYTES_A_SECOND: Final = 20.0
BOUND_MEBIBYTES: Final = 1.5 * 1024


@dataclass(frozen=True)
class Cost:
    """What serving all invoices once took."""

    invoices: int
    reading: str
    megabytes: float
    wall_seconds: float
    cpu_seconds: float
    peak_mebibytes: float

    @property
    def speed(self) -> float:
        """Megabytes a second, as the client sees it."""
        return self.megabytes / self.wall_seconds


def main() -> None:
    """Measure, print the table or the JSON, and fail where the sandbox is slower or larger than promised."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--json", action="store_true", help="print the costs for another program")
    arguments = parser.parse_args()
    costs = [cost for invoices in INVOICES for cost in _measured(invoices)]
    if arguments.json:
        print(json.dumps([asdict(cost) for cost in costs], indent=2))
    else:
        Console().print(_table(costs))
    if min(c.speed for c in costs) < BOUND_MEGABYTES_A_SECOND or costs[-1].peak_mebibytes > BOUND_MEBIBYTES:
        sys.exit(f"Promised: {BOUND_MEGABYTES_A_SECOND:.0f} MB a second and {BOUND_MEBIBYTES:,.0f} MiB.")


def _signed_in(connection: HTTPConnection) -> dict[str, str]:
    form = {"grant_type": "client_credentials", "client_id": DEFAULT_CLIENT_ID, "client_secret": DEFAULT_CLIENT_SECRET}
    connection.request("POST", "/connect/token", urlencode(form))
    token = json.loads(connection.getresponse().read())["access_token"]
    return {"Authorization": f"Bearer {token}", "Accept": "application/json"}


def _measured(invoices: int) -> Iterator[Cost]:
    with served(invoices) as sandbox:
        connection = HTTPConnection(sandbox.address.removeprefix("http://"), timeout=120)
        headers = _signed_in(connection)
        for reading in ("first", "second"):
            began, cpu_before = time.monotonic(), _cpu_seconds(sandbox.process)
            size = sum(_page(connection, headers, number) for number in range(1, invoices // PAGE_SIZE + 1))
            wall = time.monotonic() - began
            cpu = _cpu_seconds(sandbox.process) - cpu_before
            yield Cost(invoices, reading, size / 1e6, wall, cpu, _peak_mebibytes(sandbox.process))
        connection.close()


def _page(connection: HTTPConnection, headers: dict[str, str], number: int) -> int:
    query = urlencode({"page": number, "pageSize": PAGE_SIZE, "order": "UpdatedDateUTC DESC"})
    connection.request("GET", f"/api.xro/2.0/Invoices?{query}", headers=headers)
    return len(connection.getresponse().read())


def _cpu_seconds(process: int) -> float:
    with open(f"/proc/{process}/stat") as stat:  # noqa: PTH123, a file of the kernel's
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_mebibytes(process: int) -> float:
    with open(f"/proc/{process}/status") as status:  # noqa: PTH123, a file of the kernel's
        line = next(line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _table(costs: list[Cost]) -> Table:
    table = Table("invoices", "reading", title="The sandbox serving invoices of ten lines", title_justify="left")
    for name in ("MB", "MB / s", "MB / CPU s", "peak MiB", "growth of CPU"):
        table.add_column(name, justify="right")
    smaller: dict[str, Cost] = {}
    for cost in costs:
        before = smaller.get(cost.reading)
        growth = ""
        if before is not None:
            growth = f"x {cost.cpu_seconds / before.cpu_seconds:.1f} for x {cost.invoices / before.invoices:.0f}"
        table.add_row(
            f"{cost.invoices:,}", cost.reading, f"{cost.megabytes:,.0f}", f"{cost.speed:,.0f}",
            f"{cost.megabytes / cost.cpu_seconds:,.0f}", f"{cost.peak_mebibytes:,.0f}", growth,
            end_section=cost.reading == "second",
        )  # fmt: skip
        smaller[cost.reading] = cost
    return table


if __name__ == "__main__":
    main()
