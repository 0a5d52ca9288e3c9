"""Reads a sandbox in full with our client, parser and landing: `python -m benchmarks.load_by_us ADDRESS HOME`."""

import sys
import time
from pathlib import Path

from benchmarks.load import Token, memory_now, now, print_cost, tenant_of
from pipelines.landing.land import land, read_pass
from pipelines.landing.load_plan import plan_load
from pipelines.landing.page_archive import begin_load
from pipelines.storage.warehouse import open_warehouse
from pipelines.xero.client import XeroClient


def main(address: str, home: Path) -> None:
    """Load everything once."""
    token = Token(address)
    client = XeroClient(api_url=address, tenant_id=tenant_of(address, token), tokens=token)
    memory, began = memory_now(), time.process_time()
    with open_warehouse(home) as warehouse:
        kept = begin_load(home, at=now())
        plan = plan_load(warehouse, {}, day=now().date())
        landed = land(warehouse, read_pass(warehouse, client, kept, plan, day=now().date()))
    print_cost(rows=sum(landed.rows.values()), cpu_seconds=time.process_time() - began, memory_before=memory)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
