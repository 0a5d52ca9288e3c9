"""The desk in Debian's Chromium, as a buyer uses it: by mouse, by keyboard, on a phone, under its strict policy."""

import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from pipelines.secret import Secret
from pipelines.settings import read_settings
from planner.desk import open_desk
from planner.desk_app import create_app
from tests.planner.conftest import KEY
from tests.running import leave_out
from tests.stocktrim_cli.test_connecting import CHROMIUM

AXE = Path(__file__).parent / "vendor" / "axe-core-4.14.1" / "axe.min.js"
SCREENS = (
    f"/o/{KEY}/", f"/o/{KEY}/plan?search=mug", f"/o/{KEY}/plan?search=mug&product=P-00011",
    f"/o/{KEY}/plan?search=zzzz", f"/o/{KEY}/product?code=nope", f"/o/{KEY}/exceptions",
    f"/o/{KEY}/service", f"/o/{KEY}/data", "/connect",
)  # fmt: skip
# Theme, width, screens: what a look adds to another is its colours, or its narrowness.
LOOKS = (("light", 1440, SCREENS), ("dark", 1440, SCREENS[:3:2]), ("light", 390, SCREENS[:3]))
SOUND = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@dataclass
class Served:
    """A desk that answers on a port, and the tokens that it announced."""

    address: str
    tokens: list[Secret] = field(default_factory=list)


@dataclass
class Seen:
    """A page, and all that went wrong in it without being seen."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)
        self.page.wait_for_load_state("networkidle")


@pytest.fixture(scope="module")
def served(desk_home: Path) -> Iterator[Served]:
    if not CHROMIUM.exists():
        leave_out("Chromium is not installed (apt-get install chromium)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    found = Served(f"http://127.0.0.1:{port}")
    settings = read_settings({"STOCKTRIM_HOME": str(desk_home)})
    desk = open_desk(settings, person="anna", port=port, announce=found.tokens.append)
    server = uvicorn.Server(uvicorn.Config(create_app(desk), port=port, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    desk.token.issue()
    yield found
    server.should_exit = True
    thread.join()
    desk.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        leave_out("Chromium is not installed (apt-get install chromium)")
    with sync_playwright() as driver:
        yield driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])


@pytest.fixture
def seen(browser: Browser, served: Served) -> Iterator[Seen]:
    """A browser that opened the printed address; at the end nothing may have been refused or gone wrong unseen."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    found = Seen(context.new_page(), served.address)
    found.page.on("console", lambda message: found.complaints.append(message.text))
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    found.page.on("request", lambda request: found.hosts.add(request.url.split("/")[2]))
    _wait_for(served)
    found.page.goto(f"{served.address}/sign-in#{served.tokens[-1].reveal()}")
    found.page.wait_for_url("**/o/**")
    yield found
    context.close()
    assert [text for text in found.complaints if "404 (Not Found)" not in text] == []
    assert found.hosts == {served.address.removeprefix("http://")}


def _wait_for(served: Served) -> None:
    port = int(served.address.rpartition(":")[2])
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        threading.Event().wait(0.05)


def test_the_printed_address_leads_to_the_dashboard_and_stays_in_no_history(seen: Seen) -> None:
    expect(seen.page.get_by_role("heading", level=1)).to_contain_text("to order for")
    assert "#" not in seen.page.url
    seen.page.get_by_role("link", name="See my plan").click()
    expect(seen.page.locator("[aria-current=page]").first).to_have_text("Plan")


def test_filters_follow_what_is_typed_and_the_address_keeps_them(seen: Seen) -> None:
    seen.go(f"/o/{KEY}/plan")
    page = seen.page
    page.locator("#search").press_sequentially("red mug")
    expect(page.locator(".plan tbody tr")).to_have_count(3)
    page.locator("select[name=status]").select_option("Enough")
    expect(page).to_have_url(re.compile("search=red\\+mug.*status=enough|status=enough.*search=red\\+mug"))
    shown = page.locator(".plan tbody .code").all_inner_texts()
    page.reload()
    assert page.locator(".plan tbody .code").all_inner_texts() == shown


def test_scrolling_brings_further_lines_until_all_are_there(seen: Seen) -> None:
    seen.go(f"/o/{KEY}/plan")
    lines = seen.page.locator(".plan tbody tr:not(.more)")
    expect(lines).to_have_count(100)
    for count in (200, 240):
        seen.page.locator(".more button").scroll_into_view_if_needed()
        expect(lines).to_have_count(count)
    expect(seen.page.locator(".more")).to_have_count(0)


def test_a_product_opens_beside_the_plan_and_is_left_by_keyboard(seen: Seen) -> None:
    seen.go(f"/o/{KEY}/plan?sort=product_code&search=mug")
    page, links = seen.page, seen.page.locator(".plan tbody th.product a")
    links.nth(1).focus()
    page.keyboard.press("Enter")
    title = page.locator("#panel-title")
    expect(title).to_contain_text(links.nth(1).locator(".code").inner_text())
    expect(title).to_be_focused()
    expect(page.locator("#panel .chart[data-drawn] canvas")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(title).to_contain_text(links.nth(2).locator(".code").inner_text())
    expect(page).to_have_url(re.compile("search=mug.*product="))
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_empty()
    expect(links.nth(2)).to_be_focused()


def test_a_link_with_a_product_opens_its_panel_and_back_closes_it(seen: Seen) -> None:
    seen.go(f"/o/{KEY}/plan")
    seen.page.locator(".plan tbody th.product a").first.click()
    expect(seen.page.locator("#panel-title")).to_be_visible()
    address = seen.page.url
    seen.page.go_back()
    expect(seen.page.locator("#panel")).to_be_empty()
    seen.page.goto(address)
    expect(seen.page.locator("#panel-title")).to_be_visible()


def test_columns_theme_and_rows_are_kept(seen: Seen) -> None:
    seen.go(f"/o/{KEY}/plan")
    page = seen.page
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("Stock value", exact=True).check()
    page.get_by_role("button", name="Show these columns").click()
    expect(page.locator("th.c-stock_value")).to_be_visible()
    page.locator("summary", has_text="anna").click()
    page.get_by_label("Dark").check()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("th.c-stock_value")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_desk_that_does_not_answer_is_said_and_the_page_stays(seen: Seen) -> None:
    seen.go(f"/o/{KEY}/plan")
    seen.page.route("**/plan/lines**", lambda route: route.abort())
    seen.page.locator("#search").press_sequentially("mug")
    expect(seen.page.locator("#toasts")).to_contain_text("The desk does not answer")
    expect(seen.page.locator("#search")).to_have_value("mug")
    seen.complaints.clear()


def test_an_ended_session_is_said_in_the_page(seen: Seen) -> None:
    seen.go(f"/o/{KEY}/plan")
    seen.page.context.clear_cookies()
    seen.page.locator("#search").press_sequentially("mug")
    expect(seen.page.locator("#toasts")).to_contain_text("your session has ended")
    seen.complaints.clear()


def test_the_meaning_of_a_number_shows_at_the_keyboard_too(seen: Seen) -> None:
    seen.go(f"/o/{KEY}/plan")
    tip = seen.page.get_by_role("tooltip")
    seen.page.locator("#search").focus()
    seen.page.keyboard.press("Tab")
    seen.page.locator("th.c-sales span").focus()
    expect(tip).to_contain_text("weekly sales")
    seen.page.keyboard.press("Escape")
    expect(tip).to_be_hidden()


@pytest.mark.parametrize(("theme", "width", "screens"), LOOKS)
def test_no_screen_has_a_fault_that_axe_finds_nor_scrolls_sideways(
    browser: Browser, seen: Seen, theme: str, width: int, screens: tuple[str, ...]
) -> None:
    state = seen.page.context.storage_state()
    # the policy refuses the checker's own script, so that this page alone is looked at without it
    context = browser.new_context(
        storage_state=state, bypass_csp=True, color_scheme="dark" if theme == "dark" else "light",
        viewport={"width": width, "height": 844 if width < 500 else 900},
    )  # fmt: skip
    page = context.new_page()
    faults = {}
    for path in screens:
        page.goto(seen.address + path)
        page.wait_for_load_state("networkidle")
        page.add_script_tag(path=str(AXE))
        result = page.evaluate("rules => axe.run(document, rules)", SOUND)
        found = [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in result["violations"]
            for node in one["nodes"][:2]
        ]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append("scrolls sideways")
        if found:
            faults[path] = found
    context.close()
    assert faults == {}
