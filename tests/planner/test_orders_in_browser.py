"""Purchase orders in Chromium: edits in place, two people on one order, a lost desk, an approval on a phone, axe."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from pipelines.organisations.open_organisation import open_organisation
from pipelines.organisations.order_decisions.order_desk import order_desk
from pipelines.organisations.order_decisions.order_edits import OrderEdit
from pipelines.purchasing.orders import OrderState
from tests.planner.conftest import KEY
from tests.planner.orders_home import ELSEWHERE, FIRST, SECOND, ledger_of, made_orders_home, orders_home, settings_of
from tests.planner.test_in_browser import AXE, SOUND
from tests.planner.test_plan_in_browser import Server, browser
from tests.running import leave_out
from tests.stocktrim_cli.test_connecting import CHROMIUM

__all__ = ["browser", "made_orders_home", "orders_home"]
ORDERS = f"/o/{KEY}/orders"
PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture
def server(orders_home: Path) -> Iterator[Server]:
    """A desk over a home of its own."""
    if not CHROMIUM.exists():
        leave_out("Chromium is not installed (apt-get install chromium)")
    found = Server(settings_of(orders_home))
    found.start()
    yield found
    found.stop()


@pytest.fixture
def page(server: Server, browser: Browser) -> Iterator[Page]:
    """A signed-in browser; nothing may go wrong in its scripts unseen."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    opened, faults = context.new_page(), list[str]()
    opened.on("pageerror", lambda error: faults.append(str(error)))
    server.sign_in(opened)
    opened.goto(server.address + ORDERS)
    yield opened
    context.close()
    assert faults == []


def ben_changes(home: Path, code: str, quantity: int) -> None:
    """Somebody else's edit, from another process."""
    desk = order_desk(open_organisation(settings_of(home), KEY))
    OrderEdit(desk, FIRST, 0, "Ben").change_line(code, quantity=Decimal(quantity))


def test_an_order_opens_beside_the_list_and_is_changed_by_keyboard(page: Page, orders_home: Path) -> None:
    links = page.locator(".orders th.product a")
    links.nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel-title")).to_be_focused()
    expect(page).to_have_url(re.compile(f"order={FIRST}"))
    page.keyboard.press("ArrowDown")
    expect(page.locator("#panel-title")).to_contain_text(SECOND)
    page.keyboard.press("ArrowUp")
    expect(page.locator("#panel-title")).to_contain_text(FIRST)
    first, cost = page.get_by_label("Quantity of P-00011"), page.get_by_label("Unit cost of P-00011")
    first.focus()
    page.keyboard.type("20")
    page.keyboard.press("Tab")
    expect(page.locator("#order-says")).to_contain_text("Anna changed P-00011: quantity 12 → 20.", ignore_case=True)
    expect(cost).to_be_focused()
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    expect(page.locator(".order-head .facts")).to_contain_text("80.00 GBP")
    expect(page.locator(".orders tr.open")).to_contain_text("80.00")
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_empty()
    assert ledger_of(orders_home).order(FIRST).value == Decimal("80.00")


def test_two_people_on_one_order_lose_nothing(page: Page, server: Server, orders_home: Path) -> None:
    page.goto(f"{server.address}{ORDERS}?order={FIRST}")
    ben_changes(orders_home, "P-00011", 30)
    other = page.get_by_label("Quantity of P-00012")
    other.fill("9")
    other.press("Enter")
    says = page.locator("#order-says")
    expect(says).to_contain_text("Ben changed P-00011: quantity 12 → 30")
    says.get_by_role("button", name="Show the order as it is now").click()
    expect(page.get_by_label("Quantity of P-00011")).to_have_value("30")
    expect(other).to_have_value("9")
    says.get_by_role("button", name="Save what I typed").click()
    expect(page.locator("#order .history li").first).to_contain_text("quantity 5 → 9")
    ben_changes(orders_home, "P-00011", 31)
    page.get_by_role("button", name="Approve this order").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Changed since you opened this page")
    ben_changes(orders_home, "P-00011", 32)
    dialog.get_by_role("button", name="Approve this order").click()
    expect(dialog.get_by_role("alert")).to_contain_text("quantity 31 → 32")
    dialog.get_by_role("button", name="Approve this order").click()
    expect(dialog).to_contain_text("The order is approved")
    dialog.get_by_role("button", name="Close").click()
    expect(page.locator("#order")).to_contain_text("approved by anna")
    assert ledger_of(orders_home).order(FIRST).lines[0].quantity == 32


def test_what_is_typed_while_the_desk_is_killed_is_kept_and_saved(page: Page, server: Server) -> None:
    page.goto(f"{server.address}{ORDERS}/{FIRST}")
    server.stop()
    field = page.get_by_label("Quantity of P-00011")
    field.fill("21")
    field.press("Enter")
    expect(page.locator(".edit-says")).to_have_text("Not saved, retrying.")
    server.start()
    expect(page.locator("#order .history li").first).to_contain_text("quantity 12 → 21")
    field.fill("22")
    page.reload()
    expect(page.locator("#order-says")).to_contain_text("1 value that you typed earlier is not saved.")
    page.get_by_role("button", name="Save what I typed").click()
    expect(page.locator("#order .history li").first).to_contain_text("quantity 21 → 22")
    field.fill("zz")
    field.press("Enter")
    expect(page.locator(".edit-says")).to_contain_text("is not a quantity")
    expect(field).to_have_value("zz")


def test_lines_are_added_split_and_the_order_rejected(page: Page, server: Server) -> None:
    page.goto(f"{server.address}{ORDERS}?order={FIRST}")
    page.get_by_label("Add a product").press_sequentially("p-00020")
    expect(page.locator("#products-found option").first).to_have_attribute("value", "P-00020")
    page.locator("#add-quantity").fill("4")
    page.get_by_role("button", name="Add the line").click()
    expect(page.get_by_label("Quantity of P-00020")).to_have_value("4")
    page.get_by_label("Choose P-00020 for a new order").check()
    page.get_by_text("Split into two orders").click()
    page.get_by_role("button", name="Move the ticked lines").click()
    expect(page.locator("#order-says")).to_contain_text("was made of 1 line.")
    expect(page.locator("#order-tabs [aria-current]")).to_have_text(re.compile("Draft 4"))
    page.get_by_text("Reject this order").click()
    page.get_by_label("Why").fill("enough")
    page.get_by_role("button", name="Reject the order").click()
    expect(page.locator("#order-says")).to_contain_text("rejected it: enough.")
    expect(page.locator("#order-tabs [aria-current]")).to_have_text(re.compile("Draft 3"))


def test_orders_are_approved_on_a_phone_by_touch(server: Server, browser: Browser, orders_home: Path) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    server.sign_in(page)
    page.goto(server.address + ORDERS)
    page.get_by_label(re.compile(f"Choose RP-{FIRST}")).tap()
    page.get_by_label(re.compile(f"Choose RP-{ELSEWHERE}")).tap()
    page.get_by_role("button", name="Approve 2 orders · 64.50 GBP").tap()
    dialog = page.get_by_role("dialog")
    confirm = dialog.get_by_role("button", name="Approve 2 orders")
    confirm.tap()
    expect(dialog).to_contain_text("Approve 2 orders?")
    dialog.get_by_label("below the supplier's minimum").tap()
    confirm.tap()
    expect(dialog).to_contain_text("2 orders are approved")
    dialog.get_by_role("button", name="Close").tap()
    expect(page.locator("#order-tabs")).to_contain_text(re.compile(r"Draft\s+1\s+Approved\s+2"))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
    assert {one.order_id for one in ledger_of(orders_home).orders(OrderState.APPROVED)} == {FIRST, ELSEWHERE}


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_no_screen_of_orders_has_a_fault_that_axe_finds(
    server: Server, browser: Browser, theme: str, width: int
) -> None:
    # the policy refuses the checker's own script, so that this page alone is looked at without it
    context = browser.new_context(
        bypass_csp=True, color_scheme="dark" if theme == "dark" else "light", viewport={"width": width, "height": 844}
    )
    page = context.new_page()
    server.sign_in(page)
    faults: list[str] = []
    for path in (ORDERS, f"{ORDERS}?order={FIRST}", f"{ORDERS}/{FIRST}", f"{ORDERS}?tab=sent", "dialog"):
        if path == "dialog":
            page.goto(f"{server.address}{ORDERS}/{ELSEWHERE}")
            page.get_by_role("button", name="Approve this order").click()
            expect(page.get_by_role("dialog")).to_be_visible()
        else:
            page.goto(server.address + path)
        page.add_script_tag(path=str(AXE))
        result = page.evaluate("rules => axe.run(document, rules)", SOUND)
        faults += [f"{path} {one['id']}: {one['nodes'][0]['target']}" for one in result["violations"]]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append(f"{path} scrolls sideways")
    context.close()
    assert faults == []
