"""`make superset` from nothing to the page: each chart shows what the published tables say, snapshot after snapshot."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import duckdb
import pytest
from playwright.sync_api import Browser, BrowserContext, Response, sync_playwright

from tests.end_to_end.conftest import Planned

CHROMIUM = Path("/usr/bin/chromium")
ROOT = Path(__file__).parents[2]
PATIENCE_MS = 120_000
MAKE = shutil.which("make") or "make"
BY_DAY = "Understock and overstock by day"
STOCK_BY_WEEK = "Stock value by week, at today's cost"
SPEND = "Spend by supplier by week, as billed"
pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed (apt-get install chromium)"),
]


@contextmanager
def superset(home: Path) -> Iterator[str]:
    """The address of the dashboard, while `make superset` serves it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"STOCKTRIM_HOME": str(home), "PORT": str(port)}
    command = subprocess.Popen(  # noqa: S603, our own
        [MAKE, "superset"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert command.stdout
        said = []
        for line in command.stdout:
            said.append(line.strip())
            if line.startswith("Sign in"):
                break
        (address,) = [line for line in said if line.startswith("http://127.0.0.1")] or [""]
        assert address, said
        yield address
    finally:
        os.killpg(command.pid, signal.SIGINT)
        command.wait(60)
        if command.stdout:
            command.stdout.close()


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield started
        started.close()


def sign_in(browser: Browser, address: str, home: Path) -> BrowserContext:
    context = browser.new_context(viewport={"width": 1440, "height": 1500})
    context.set_default_timeout(PATIENCE_MS)
    # What the page describes its visitor may come back after the sign-in and undo it.
    context.route("**/superset/log/**", lambda route: route.abort())
    page = context.new_page()
    page.goto(address, wait_until="networkidle")
    page.fill("#username", "planner")
    page.fill("#password", (home / "superset" / "password").read_text())
    page.get_by_role("button", name="Sign in").first.click()
    page.wait_for_url(lambda url: "/login" not in url)
    page.close()
    return context


class Shown:
    """The dashboard as a browser shows it: the text of each chart, and the rows that it draws."""

    def __init__(self, context: BrowserContext, address: str, *, picture: Path) -> None:
        self.hosts: set[str] = set()
        self._rows: dict[int, list[dict[str, Any]]] = {}
        self._page = context.new_page()
        self._page.on("requestfinished", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        answers: list[Response] = []
        # Playwright takes no method of a built-in type
        self._page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108
        self._page.goto(address)
        self._page.get_by_text("Products out of stock by week").wait_for()
        self._page.wait_for_load_state("networkidle")
        self._page.wait_for_timeout(2000)  # the lines are still being drawn
        self._page.screenshot(path=picture)
        for answer in answers:
            self._keep(answer)
        names = {one["id"]: one["slice_name"] for one in self._api(f"dashboard/{Path(address).name}/charts")}
        self.charts = {names[number]: rows for number, rows in self._rows.items()}
        assert self.charts.keys() == set(names.values())

    def text(self, chart: str) -> str:
        return " ".join(self._chart(chart).inner_text().split())

    def cells(self, chart: str) -> list[list[str]]:
        rows = self._chart(chart).locator("tbody tr").all()
        return [[" ".join(cell.split()) for cell in row.locator("td").all_inner_texts()] for row in rows]

    def is_drawn(self, chart: str) -> bool:
        return self._chart(chart).locator("canvas").count() == 1

    def number_of(self, what: str) -> int:
        return len(self._api(f"{what}/"))

    def _chart(self, name: str) -> Any:
        return self._page.locator(f'[data-test-chart-name="{name}"]')

    def _api(self, path: str) -> Any:
        return self._page.request.get(urljoin(self._page.url, f"/api/v1/{path}")).json()["result"]

    def _keep(self, answer: Response) -> None:
        asked = re.search(r"/chart/data\?form_data=.*slice_id%22%3A(\d+)", answer.url)
        if asked:
            assert answer.status == 200, answer.text()
            self._rows[int(asked[1])] = json.loads(answer.text())["result"][0]["data"]


@pytest.fixture
def ask(planned: Planned) -> Callable[[str], list[tuple[Any, ...]]]:
    """A question to what is published now."""

    def answer(question: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(planned.stocktrim.snapshot() / "stocktrim.duckdb"), read_only=True) as published:
            return published.execute(question).fetchall()

    return answer


def plan_as_of(today: date, home: Path) -> None:
    """In a process of its own, since Playwright has this one's event loop."""
    command = [str(Path(sys.executable).with_name("stocktrim")), "plan", "--as-of", str(today)]
    environment = os.environ | {"STOCKTRIM_HOME": str(home)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603, our own
    assert done.returncode == 0, done.stderr


def day(milliseconds: int) -> date:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).date()


Ask = Callable[[str], list[tuple[Any, ...]]]


def check(shown: Shown, ask: Ask) -> None:
    """Each chart against a question of its own to the published tables."""
    check_numbers(shown, ask)
    check_stock(shown, ask)
    check_lists(shown, ask)
    check_spend(shown, ask)
    for chart in (BY_DAY, STOCK_BY_WEEK, SPEND):
        assert shown.is_drawn(chart)


def check_numbers(shown: Shown, ask: Ask) -> None:
    (newest,) = ask("select as_of_date, stock_value, understock_value, overstock_value from kpi_daily order by 1")[-1:]
    ((products_out, late_orders),) = ask(
        "select products_out_of_stock, late_orders from plan_summary order by planned_at desc limit 1"
    )
    for chart, text in {
        "Stock as of": f"{newest[0]:%d %b %Y}",
        "Stock value": f"£ {newest[1]:,.0f}",
        "Understock": f"£ {newest[2]:,.0f}",
        "Overstock": f"£ {newest[3]:,.0f}",
        "Out of stock": f" {products_out} products",
        "Late orders": f" {late_orders} past",
    }.items():
        assert text in shown.text(chart)


def check_stock(shown: Shown, ask: Ask) -> None:
    drawn = [(day(row["as_of_date"]), row["Understock"], row["Overstock"]) for row in shown.charts[BY_DAY]]
    assert drawn == ask(
        "select as_of_date, understock_value::double, overstock_value::double from kpi_daily order by 1"
    )
    ((stock_value, products_out),) = ask(
        "select stock_value, products_out_of_stock from plan_summary order by planned_at desc limit 1"
    )
    weeks = shown.charts[STOCK_BY_WEEK]
    assert len(weeks) > 52
    assert weeks[-1]["Stock"] == pytest.approx(float(stock_value), abs=1)
    assert shown.charts["Products out of stock by week"][-1]["Products"] == products_out


def check_lists(shown: Shown, ask: Ask) -> None:
    late = ask("""
        select strftime(delivery_date, '%d %b %Y'), purchase_order_number, supplier_name,
            count(distinct product_code)::varchar, sum(value / currency_rate)
        from stock_on_order where exception = 'late' group by delivery_date, purchase_order_number, supplier_name
    """)
    expected = [[*row[:4], f"£ {row[4]:,.0f}"] for row in late]
    assert sorted([*row[:4], row[5]] for row in shown.cells("Late orders, oldest first")) == sorted(expected)
    out = shown.cells("Out of stock, best sellers first")
    ((products_out,),) = ask("select products_out_of_stock from plan_summary order by planned_at desc limit 1")
    assert len(out) == products_out
    assert {row[0] for row in out} <= {
        code for (code,) in ask("select product_code from stock_position where stock_on_hand <= 0")
    }


def check_spend(shown: Shown, ask: Ask) -> None:
    spent = ask("""
        select supplier_name, sum(billed_amount)::double from supplier_spend_weekly
        where week_start_date > (select max(week_start_date) - 364 from supplier_spend_weekly)
        group by 1 order by 2 desc
    """)
    billed: dict[str, float] = {}
    for row in shown.charts[SPEND]:
        for supplier, amount in row.items():
            if supplier != "week_start_date":
                billed[supplier] = billed.get(supplier, 0) + (amount or 0)
    assert sum(billed.values()) == pytest.approx(sum(amount for _, amount in spent))
    assert {name: amount for name, amount in billed.items() if name != "Others"} == pytest.approx(dict(spent[:10]))


def test_the_dashboard_shows_what_is_published_and_follows_each_new_snapshot(
    planned: Planned, browser: Browser, ask: Callable[[str], list[tuple[Any, ...]]], tmp_path: Path
) -> None:
    home = planned.stocktrim.home
    with superset(home) as address:
        context = sign_in(browser, address, home)
        first = Shown(context, address, picture=tmp_path / "first.png")
        check(first, ask)
        plan_as_of(datetime.now(UTC).date() + timedelta(days=1), home)
        second = Shown(context, address, picture=tmp_path / "second.png")
        check(second, ask)
        assert len(second.charts["Understock and overstock by day"]) == 2
        assert first.hosts | second.hosts == {urlsplit(address).netloc}
    with superset(home) as address:
        again = Shown(sign_in(browser, address, home), address, picture=tmp_path / "again.png")
        check(again, ask)
        assert (again.number_of("dashboard"), again.number_of("chart")) == (1, len(again.charts))


def test_without_a_snapshot_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    environment = os.environ | {"STOCKTRIM_HOME": str(tmp_path)}
    output = subprocess.run(  # noqa: S603, our own
        [MAKE, "superset"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert output.returncode != 0
    assert "Nothing is published in" in output.stderr
    assert "Traceback" not in output.stderr
