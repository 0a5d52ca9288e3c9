"""Settings in Chromium: what-if, save, history and undo by keyboard; a conflict, a file; no fault that axe finds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from planner.shown.settings_shown.what_ifs import WhatIfs
from tests.planner.conftest import Visitor
from tests.planner.settings_writes import SETTINGS, answering, own_home, set_by
from tests.planner.test_in_browser import AXE, SOUND
from tests.planner.test_plan_in_browser import Server
from tests.running import leave_out
from tests.stocktrim_cli.test_connecting import CHROMIUM


@pytest.fixture(scope="module")
def server(desk_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not CHROMIUM.exists():
        leave_out("Chromium is not installed (apt-get install chromium)")
    settings = own_home(desk_home, tmp_path_factory.mktemp("settings"))
    found = Server(settings)
    found.start()
    vars(found.desk)["what_ifs"] = WhatIfs(settings, answering())
    yield found
    found.stop()


@pytest.fixture(scope="module")
def browser(server: Server) -> Iterator[Browser]:
    assert server.port
    with sync_playwright() as driver:
        yield driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])


@pytest.fixture
def page(server: Server, browser: Browser) -> Iterator[Page]:
    # the policy refuses axe's own script, so that these pages are looked at without it
    context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
    opened = context.new_page()
    server.sign_in(opened)
    yield opened
    context.close()


def test_a_setting_is_tried_saved_and_undone_by_keyboard(page: Page, server: Server) -> None:
    page.goto(f"{server.address}{SETTINGS}")
    change = page.get_by_role("link", name="Change Service level")
    change.focus()
    page.keyboard.press("Enter")
    value = page.get_by_label("Service level", exact=True)
    expect(value).to_be_focused()
    page.keyboard.press("Escape")
    expect(change).to_be_focused()
    page.keyboard.press("Enter")
    expect(value).to_be_focused()
    page.keyboard.type("120")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("a share from 50% to 99.99%")
    expect(value).to_have_value("120")
    page.keyboard.type("98")
    page.keyboard.press("Enter")
    expect(page.locator(".would")).to_be_focused()
    expect(page.locator(".effect")).to_contain_text("4 more units of 1 product, 12.40 GBP more")
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.innerText") != "Save":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".notice")).to_be_focused()
    expect(page.locator(".notice")).to_contain_text("Saved. Service level of all products is 98%")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    undo = page.get_by_role("button", name="Undo change 1 by anna")
    undo.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".notice")).to_contain_text("Undone. Service level of all products is no longer set")


def test_what_was_typed_stays_when_somebody_else_was_first(page: Page, server: Server) -> None:
    page.goto(f"{server.address}{SETTINGS}?change=lead_time_days")
    page.get_by_label("Lead time", exact=True).fill("21")
    set_by(Visitor(client=None, desk=server.desk), "lead_time_days", "30")  # type: ignore[arg-type]  # its store alone
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("bob has changed Lead time of all products to 30 days")
    expect(page.get_by_label("Lead time", exact=True)).to_have_value("21")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".notice")).to_contain_text("is 21 days (before: 30 days)")


def test_a_file_is_looked_at_before_it_is_saved(page: Page, server: Server, tmp_path: Path) -> None:
    file = tmp_path / "terms.csv"
    file.write_text("level,subject,setting,value\nproduct,P-00011,batch_size,many\n")
    page.goto(f"{server.address}{SETTINGS}/file")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="See what it changes").click()
    expect(page.get_by_role("alert")).to_contain_text("1 value in terms.csv cannot be used")
    file.write_text("level,subject,setting,value\nproduct,P-00011,batch_size,12\n")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="See what it changes").click()
    page.get_by_role("button", name="Save 1 setting").click()
    expect(page.locator(".notice")).to_contain_text("Saved. 1 setting of terms.csv changed")


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_no_page_of_settings_has_a_fault_that_axe_finds(page: Page, server: Server, theme: str, width: int) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 844})
    faults = {}
    for path in (
        "?change=service_level", "?product=P-00011&change=price_breaks", "?change=shutdowns", "/suppliers", "/groups",
        "/products?find=mug", "/history", "/file", "/one-offs",
        "/events?add=true",
    ):  # fmt: skip
        page.goto(f"{server.address}{SETTINGS}{path}")
        page.add_script_tag(path=str(AXE))
        result = page.evaluate("rules => axe.run(document, rules)", SOUND)
        found = [f"{one['id']}: {node['target']} {node['failureSummary']}" for one in result["violations"]
                 for node in one["nodes"][:2]]  # fmt: skip
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append("scrolls sideways")
        if found:
            faults[path] = found
    assert faults == {}


def test_a_setting_is_changed_and_undone_in_the_panel_beside_the_plan(page: Page, server: Server) -> None:
    page.goto(f"{server.address}{SETTINGS.removesuffix('settings')}plan?product=P-00011")
    change = page.locator("#product-settings").get_by_role("link", name="Change Lead time", exact=True)
    change.focus()
    page.keyboard.press("Enter")
    value = page.locator("#value-lead_time_days")
    expect(value).to_be_focused()
    page.keyboard.press("Escape")
    expect(change).to_be_focused()  # the form is closed, the panel is not
    page.keyboard.press("Enter")
    expect(value).to_be_focused()
    page.keyboard.type("21")
    page.keyboard.press("Enter")
    expect(page.locator("#product-settings .effect")).to_contain_text("4 more units of 1 product")
    page.locator("#product-settings").get_by_role("button", name="Save").click()
    notice = page.locator("#product-settings .notice")
    expect(notice).to_contain_text("Saved. Lead time of P-00011 is 21 days")
    expect(notice).to_be_focused()
    expect(page.locator("#product-settings")).to_contain_text("from the next plan on, set by anna")
    page.add_script_tag(path=str(AXE))
    assert page.evaluate("rules => axe.run('#product-settings', rules)", SOUND)["violations"] == []
    notice.get_by_role("button", name="Undo").click()
    expect(notice).to_contain_text("Undone. Lead time of P-00011 is no longer set")
