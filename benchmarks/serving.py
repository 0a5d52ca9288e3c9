"""A sandbox of so many invoices in a process of its own, so that its work is not counted with its reader's.

python -m benchmarks.serving INVOICES
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Final

from stocktrim_cli.serve import stop
from xero_sandbox.app.serve import serve
from xero_sandbox.behaviour.rate_limits import Limits
from xero_sandbox.identity.authorization_server import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET
from xero_sandbox.worlds.scale import Size, world_of_size

_LIMITS: Final = Limits(per_minute=1_000_000, per_day=1_000_000, app_per_minute=1_000_000)


@dataclass(frozen=True)
class Served:
    """Where a sandbox answers, and the number of its process."""

    address: str
    process: int


@contextmanager
def served(invoices: int) -> Iterator[Served]:
    """A sandbox for the length of the block."""
    command = [sys.executable, "-m", "benchmarks.serving", str(invoices)]
    print(f"{invoices:,} invoices: the sandbox starts ...", file=sys.stderr)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603, our own
        try:
            address = process.stdout.readline().decode().strip() if process.stdout else ""
            if not address:
                sys.exit("The sandbox did not start; see what was printed above.")
            yield Served(address, process.pid)
        finally:
            stop(process)


def main(invoices: int) -> None:
    """Serve until stopped; the address is printed first."""
    world = world_of_size(Size(invoices=invoices), end=date(2026, 6, 30))
    serve(
        [world], port=0, client_id=DEFAULT_CLIENT_ID, client_secret=DEFAULT_CLIENT_SECRET, limits=_LIMITS,
        on_ready=lambda url: print(url, flush=True),
    )  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]))
