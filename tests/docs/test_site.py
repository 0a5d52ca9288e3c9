"""The site of the pages: each page is in its menu, search works without a network, nothing is asked of another host."""

import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import yaml
from playwright.sync_api import Page, sync_playwright

from tests.docs.test_pages import ROOT
from tests.running import leave_out
from tests.stocktrim_cli.test_connecting import CHROMIUM

ZENSICAL = ROOT / ".venv-docs" / "bin" / "zensical"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name for it
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the built site is served."""
    if not ZENSICAL.exists():
        leave_out("The site's own environment is missing (make docs-site, or make lint)")
    subprocess.run([ZENSICAL, "build", "--strict"], cwd=ROOT, check=True, stdout=sys.stderr)  # noqa: S603, our own command
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=ROOT / "site")) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def visit(address: str) -> Iterator[Page]:
    if not CHROMIUM.exists():
        leave_out("Chromium is not installed (apt-get install chromium)")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(address)
        yield page
        browser.close()


def entries(menu: object) -> Iterator[str]:
    match menu:
        case str():
            yield menu
        case dict() | list():
            for entry in menu.values() if isinstance(menu, dict) else menu:
                yield from entries(entry)


def test_every_page_is_in_the_menu_once() -> None:
    in_menu = list(entries(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))
    docs = ROOT / "docs"
    assert sorted(in_menu) == sorted(str(page.relative_to(docs)) for page in docs.rglob("*.md"))


def test_search_finds_a_page(visit: Page) -> None:
    visit.keyboard.press("/")
    visit.get_by_role("combobox").fill("delivery late")
    visit.get_by_role("option", name="A delivery is late").first.click()
    assert "/buyer/late-delivery/" in visit.url


def test_no_page_asks_another_host_for_anything(visit: Page, address: str) -> None:
    requested: list[str] = []
    visit.on("request", lambda request: requested.append(request.url))
    pages = sorted((ROOT / "site").rglob("index.html"))
    for page in pages:
        visit.goto(address + str(page.relative_to(ROOT / "site").parent))
    assert len(requested) > len(pages) > 25
    assert not [url for url in requested if not url.startswith((address, "data:", "blob:"))]


def test_a_python_function_is_documented_from_its_docstring(visit: Page, address: str) -> None:
    visit.goto(f"{address}reference/python/")
    assert visit.get_by_role("heading", name="order_quantities").count() == 1
    assert visit.get_by_text("lead_time_days").count() > 0
