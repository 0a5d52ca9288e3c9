"""Quantities typed in Chromium: by keyboard, while the desk is killed, after the session ended, by two people."""

import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from pipelines.secret import Secret
from pipelines.settings import Settings
from planner.desk import Desk, open_desk
from planner.desk_app import create_app
from tests.planner.conftest import KEY
from tests.planner.plan_writes import own_home
from tests.running import leave_out
from tests.stocktrim_cli.test_connecting import CHROMIUM


class Server:
    """A desk on a port, which can be killed and started again."""

    def __init__(self, settings: Settings) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.settings, self.address = settings, f"http://127.0.0.1:{self.port}"
        self.tokens: list[Secret] = []

    def start(self) -> None:
        self.desk: Desk = open_desk(self.settings, person="anna", port=self.port, announce=self.tokens.append)
        self.desk.token.issue()
        config = uvicorn.Config(create_app(self.desk), port=self.port, log_level="warning", access_log=False)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        while not self.server.started:
            self.thread.join(0.02)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join()
        self.desk.close()

    def sign_in(self, page: Page) -> None:
        page.goto(f"{self.address}/sign-in#{self.tokens[-1].reveal()}")
        page.wait_for_url("**/o/**")


@pytest.fixture(scope="module")
def server(desk_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not CHROMIUM.exists():
        leave_out("Chromium is not installed (apt-get install chromium)")
    found = Server(own_home(desk_home, tmp_path_factory.mktemp("own")))
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        yield driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])


@pytest.fixture
def page(server: Server, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    opened = context.new_page()
    server.sign_in(opened)
    opened.goto(f"{server.address}/o/{KEY}/plan?report=most_urgent&supplier=Supplier+02")
    yield opened
    context.close()


def test_quantities_are_typed_down_the_column_and_taken_back(page: Page) -> None:
    fields = page.locator("input.quantity")
    first, planned = fields.nth(0), fields.nth(0).input_value()
    first.focus()
    page.keyboard.type("71")
    page.keyboard.press("Enter")
    expect(fields.nth(1)).to_be_focused()
    expect(page.locator("#said")).to_contain_text("Saved.")
    expect(page.locator(".plan-says").first).to_have_text(f"plan: {planned}")
    page.get_by_role("button", name="Undo").click()
    expect(first).to_have_value(planned)
    expect(page.locator(".plan-says").first).to_be_empty()


def test_what_is_typed_while_the_desk_is_killed_is_kept_and_saved_when_it_is_back(server: Server, page: Page) -> None:
    field = page.locator("input.quantity").nth(1)
    server.stop()
    field.fill("72")
    field.press("Enter")
    expect(page.locator("#said")).to_contain_text("Not saved, retrying")
    expect(page.locator("td.unsaved .plan-says")).to_have_text("not saved, retrying")
    server.start()
    expect(page.locator("#said")).to_contain_text("Saved.", timeout=20_000)
    expect(page.locator("td.unsaved")).to_have_count(0)
    page.reload()
    expect(page.locator("input.quantity").nth(1)).to_have_value("72")


def test_what_is_typed_and_not_left_survives_a_reload(page: Page) -> None:
    field = page.locator("input.quantity").nth(2)
    field.click()
    page.keyboard.type("73")
    page.reload()
    expect(page.locator("#said")).to_contain_text("Saved.")
    expect(page.locator("input.quantity").nth(2)).to_have_value("73")


def test_after_the_session_ended_what_is_typed_is_saved_once_signed_in_again(server: Server, page: Page) -> None:
    page.context.clear_cookies()
    field = page.locator("input.quantity").nth(3)
    field.fill("74")
    field.press("Enter")
    expect(page.locator("#said")).to_contain_text("Your session has ended")
    server.sign_in(page.context.new_page())
    expect(page.locator("#said")).to_contain_text("Saved.", timeout=20_000)
    expect(field).to_have_value("74")


def test_who_comes_second_chooses_between_both_values(page: Page) -> None:
    other = page.context.new_page()
    other.goto(page.url)
    for typed, whose in (("81", page), ("82", other)):
        whose.locator("input.quantity").nth(4).fill(typed)
        whose.locator("input.quantity").nth(4).press("Enter")
        if whose is page:
            expect(page.locator("#said")).to_contain_text("Saved.")
    trouble = other.locator(".trouble")
    expect(trouble).to_contain_text(re.compile("Changed to 81 by anna at .* You typed 82"))
    trouble.get_by_role("button", name="Save 82").click()
    expect(other.locator("#said")).to_contain_text("Saved.")
    expect(trouble).to_have_count(0)


def test_what_is_no_number_says_so_beside_the_field(page: Page) -> None:
    field = page.locator("input.quantity").nth(0)
    before = field.input_value()
    field.fill("ten")
    field.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "")
    expect(field).to_have_accessible_description(re.compile("not a number"))
    page.get_by_role("button", name=f"Back to {before}").click()
    expect(field).to_have_value(before)


def test_ticked_products_become_orders(page: Page) -> None:
    boxes = page.locator("#lines tbody input[name=product]")
    boxes.nth(0).check()
    boxes.nth(1).focus()
    page.keyboard.press("Space")
    expect(page.locator("#selected-words")).to_contain_text("2 selected · ")
    page.get_by_role("button", name="Create purchase orders").click()
    expect(page.get_by_role("dialog")).to_contain_text("Create 1 purchase order?")
    expect(page.locator("#dialog-title")).to_be_focused()
    page.get_by_role("button", name="Create 1 order").click()
    expect(page.get_by_role("dialog")).to_contain_text("1 purchase order created")
    expect(page.locator("#dialog-title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#selection")).to_be_hidden()
