"""How fast the buyer's desk is in a real browser, and how much memory it holds, at 2,000 and 30,000 products.

    python -m benchmarks.desk [--products 2000 30000] [--goes 5] [--json]

The desk runs as `stocktrim planner` starts it, over a made-up plan; Chromium looks at it as a buyer does. A time ends
when the person sees the result. Each is the median of some goes beside its goal; on a busy machine all are too long
alike. The prototype's figures stand in the same column of the table: they were measured on two busy cores too.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Final

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from rich.console import Console
from rich.table import Table

from benchmarks.made_up_plans import COLOURS, connect_made_up, publish_made_up
from pipelines.settings import read_settings
from stocktrim_cli.serve import free_port

CHROMIUM: Final = "/usr/bin/chromium"
KEY: Final = "made-up"
SESSIONS: Final = 10
GOES: Final = 5
# Seconds: what a buyer may wait; and what the prototype took at 2,000 and 10,000 products, for the spreadsheet the one
# with another grid, for a write up to its row in the store alone.
GOALS: Final = {
    2_000: {
        "first load": 1.0, "filter": 0.25, "sort": 0.25, "saved edit": 0.25, "open a product": 0.4,
        "create an order": 0.25, "spreadsheet": 1.0,
    },
    30_000: {
        "first load": 2.0, "filter": 0.5, "sort": 0.5, "saved edit": 0.5, "open a product": 0.4,
        "create an order": 0.5, "spreadsheet": 2.0,
    },
}  # fmt: skip
PROTOTYPE: Final = {
    2_000: {
        "first load": 0.84, "filter": 0.235, "sort": 0.248, "saved edit": 0.058, "open a product": 0.315,
        "create an order": 0.086, "spreadsheet": 1.53,
    },
    30_000: {
        "first load": 1.64, "filter": 0.326, "sort": 0.382, "saved edit": 0.058, "open a product": 0.315,
        "create an order": 0.086, "spreadsheet": 1.88,
    },
}  # fmt: skip
MOST_MEMORY_MIB: Final = 150
PROTOTYPE_MIB: Final = 88
_ALL_NAMES_HAVE: Final = """
    word => [...document.querySelectorAll(".plan tbody .name")].every(name => name.textContent.includes(word))
"""


@dataclass(frozen=True)
class Measured:
    """One figure: what was done, over how many products, the seconds, the goal, and the prototype's seconds."""

    what: str
    products: int
    seconds: float
    goal_seconds: float
    prototype_seconds: float


@dataclass(frozen=True)
class Served:
    """A desk that runs: its address, the address that signs in, its process."""

    address: str
    sign_in: str
    process: int


@contextmanager
def served_desk(products: int) -> Iterator[Served]:
    """`stocktrim planner` over a made-up plan of so many products, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="desk-") as home:
        settings = read_settings({"STOCKTRIM_HOME": home})
        connect_made_up(settings, KEY, "Made Up Wholesale")
        publish_made_up(settings.organisation_folder(KEY), products)
        port = free_port(8_500)
        command = [sys.executable, "-m", "stocktrim_cli.main", "planner", "--no-browser", "--port", str(port)]
        environment = {**os.environ, "STOCKTRIM_HOME": home, "STOCKTRIM_USER": "Anna", "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)  # noqa: S603, our own
        try:
            assert process.stdout is not None  # noqa: S101, it was asked for
            sign_in = re.search(r"http://\S+", process.stdout.readline())
            assert sign_in is not None, "the desk printed no address"  # noqa: S101, said by the line above
            _wait_until_served(port)
            yield Served(f"http://127.0.0.1:{port}", sign_in[0], process.pid)
        finally:
            process.terminate()
            process.wait()


def _wait_until_served(port: int) -> None:
    deadline = time.monotonic() + 60
    while free_port(port) == port and time.monotonic() < deadline:
        time.sleep(0.05)


def measure(products: int, goes: int) -> tuple[list[Measured], float, float]:
    """The figures of one size, and in MiB what the desk holds after ten sessions, without and with shared files."""
    with served_desk(products) as desk, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        state = _signed_in(browser, desk)
        times: dict[str, list[float]] = {what: [] for what in GOALS[2_000]}
        for go in range(goes):
            context = browser.new_context(storage_state=state)  # type: ignore[arg-type]  # what it gave
            page = context.new_page()
            for what, step in _STEPS.items():
                begun = time.perf_counter()
                step(page, desk.address, go)
                times[what].append(time.perf_counter() - begun)
            context.close()
        _visit(browser, desk, state)
        memory, resident = memory_mib(desk.process), resident_mib(desk.process)
        browser.close()
    goals, prototype = GOALS.get(products, GOALS[30_000]), PROTOTYPE.get(products, PROTOTYPE[30_000])
    return (
        [
            Measured(what, products, round(median(all_goes), 3), goals[what], prototype[what])
            for what, all_goes in times.items()
        ],
        memory,
        resident,
    )


def _signed_in(browser: Browser, desk: Served) -> object:
    """The cookies of a browser that has signed in."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(desk.sign_in)
    page.wait_for_url("**/o/**")
    state = context.storage_state()
    context.close()
    return state


def _load(page: Page, address: str, _: int) -> None:
    page.goto(f"{address}/o/{KEY}/plan", wait_until="commit")
    page.locator(".plan tbody tr").nth(50).wait_for()


def _filter(page: Page, _: str, go: int) -> None:
    word = COLOURS[go % len(COLOURS)]
    page.locator("#search").press_sequentially(word)
    page.wait_for_function(_ALL_NAMES_HAVE, arg=word)


def _sort(page: Page, _: str, __: int) -> None:
    page.locator("th.c-stock_on_hand a").click()
    page.locator("th.c-stock_on_hand[aria-sort=descending]").wait_for()


def _save(page: Page, _: str, go: int) -> None:
    """A quantity is typed, and the page says that it was saved."""
    field = page.locator("input.quantity").nth(go)
    field.fill(str(1_000 + go))
    field.press("Enter")
    page.locator("#said", has_text=f": {1_000 + go}.").wait_for()


def _open(page: Page, _: str, go: int) -> None:
    page.locator(".plan tbody th.product a").nth(go + 1).click()
    page.locator("#panel .chart[data-drawn] canvas").wait_for()


def _create(page: Page, _: str, go: int) -> None:
    """A product is ticked, and the page says that its order was created."""
    page.locator("#lines tbody input[name=product]").nth(go).check()
    page.get_by_role("button", name="Create purchase orders").click()
    page.get_by_role("dialog").get_by_text("purchase order").first.wait_for()


def _open_sheet(page: Page, address: str, _: int) -> None:
    page.goto(f"{address}/o/{KEY}/plan/grid", wait_until="commit")
    page.locator("#sheet[data-ready]").wait_for()


_STEPS: Final[dict[str, Callable[[Page, str, int], None]]] = {
    "first load": _load, "filter": _filter, "sort": _sort, "saved edit": _save, "open a product": _open,
    "create an order": _create, "spreadsheet": _open_sheet,
}  # fmt: skip


def _visit(browser: Browser, desk: Served, state: object) -> None:
    """Ten browsers, each on the plan and a product."""
    contexts: list[BrowserContext] = []
    for go in range(SESSIONS):
        contexts.append(browser.new_context(storage_state=state))  # type: ignore[arg-type]  # what it gave
        page = contexts[-1].new_page()
        _load(page, desk.address, go)
        _open(page, desk.address, go)
    for context in contexts:
        context.close()


def memory_mib(process: int) -> float:
    """What a process holds: its private memory, and its part of what it shares."""
    return _rollup(process, "Pss")


def resident_mib(process: int) -> float:
    """What a process has in memory, files that it shares with others included."""
    return _rollup(process, "Rss")


def _rollup(process: int, what: str) -> float:
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    return round(int(re.findall(rf"^{what}:\s+(\d+) kB", rollup, re.MULTILINE)[0]) / 1024, 1)


def _load_now() -> str:
    """How busy the machine is: others' work makes every time longer."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--products", type=int, nargs="+", default=list(GOALS))
    options.add_argument("--goes", type=int, default=GOES)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    table = Table(
        "products",
        "what",
        "measured",
        "goal",
        "prototype",
        "ratio",
        title=f"The buyer's desk in Chromium, {_load_now()}",
    )
    results = []
    for products in chosen.products:
        figures, memory, resident = measure(products, chosen.goes)
        rows = [(f"{one.what}, s", one.seconds, one.goal_seconds, one.prototype_seconds) for one in figures]
        rows.append((f"memory at {SESSIONS} sessions, MiB (RSS {resident:g})", memory, MOST_MEMORY_MIB, PROTOTYPE_MIB))
        for what, measured, goal, prototype in rows:
            numbers = (f"{measured:g}", f"{goal:g}", f"{prototype:g}", f"{measured / prototype:.2f}")
            table.add_row(f"{products:,}", what, *numbers)
        measured_here = {"memory_mib": memory, "resident_mib": resident, "figures": [asdict(one) for one in figures]}
        results.append({"products": products, **measured_here})
    if chosen.json:
        print(json.dumps(results, indent=2))
    else:
        Console().print(table)


if __name__ == "__main__":
    main()
