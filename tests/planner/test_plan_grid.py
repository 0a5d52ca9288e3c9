"""The plan as a spreadsheet: its lines, its policy, and a column of quantities pasted in Chromium."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from pipelines.store.order_ledger import OrderLedger
from planner.shown.plan_shown.grid_lines import GRID_COLUMNS
from tests.planner.conftest import KEY, PRODUCTS, Visitor
from tests.planner.plan_writes import PLAN, own_home, save, signed_in
from tests.planner.test_in_browser import AXE, SOUND
from tests.planner.test_plan_in_browser import Server
from tests.running import leave_out
from tests.stocktrim_cli.test_connecting import CHROMIUM

TEMPLATES = Path(__file__).parents[2] / "planner/templates"


def lines(visitor: Visitor, query: str = "") -> dict:
    answer = visitor.client.get(f"{PLAN}/grid/lines{query}")
    assert answer.status_code == 200
    return answer.json()


def test_all_lines_come_with_only_the_columns_that_are_shown(visitor: Visitor) -> None:
    answer = lines(visitor)
    values = answer["values"]
    assert set(values) - {"currency"} == set(GRID_COLUMNS)
    assert {len(column) for column in values.values()} == {PRODUCTS}
    assert "<script>alert(1)</script>" in values["name"]
    assert answer["statuses"]["order_now"] == "Order now"


def test_the_lines_are_those_of_the_plans_filters_with_what_drafts_hold(desk_home: Path, tmp_path: Path) -> None:
    with signed_in(own_home(desk_home, tmp_path)) as visitor:
        values = lines(visitor, "?report=most_urgent&supplier=Supplier+02")["values"]
        assert set(values["supplier"]) == {"Supplier 02"}
        code, planned = values["code"][0], values["planned"][0]
        assert save(visitor, (code, "77", f"{planned:g}"))[0] == 200
        values = lines(visitor, f"?search={code}")["values"]
        assert (values["planned"][0], values["order"][0]) == (planned, 77)


def test_only_this_page_allows_styles_by_a_nonce_and_each_answer_has_its_own(visitor: Visitor) -> None:
    policies = [visitor.client.get(f"{PLAN}/grid").headers["content-security-policy"] for _ in range(2)]
    nonces = [re.findall(r"style-src 'self' 'nonce-([\w-]{16,})';", policy) for policy in policies]
    assert len({nonce for (nonce,) in nonces}) == 2
    for policy in policies:
        assert policy.count("nonce-") == 1
        assert "unsafe" not in policy
        assert "script-src 'self';" in policy
    for path in (PLAN, f"{PLAN}/grid/lines"):
        assert "nonce" not in visitor.client.get(path).headers["content-security-policy"]


def test_the_spreadsheets_library_is_loaded_on_its_page_alone() -> None:
    loading = [path.name for path in TEMPLATES.rglob("*.html") if "ag-grid" in path.read_text()]
    assert loading == ["plan_grid.html"]


def test_plan_and_spreadsheet_lead_to_each_other_with_their_filters(visitor: Visitor) -> None:
    query = "?report=most_urgent&amp;search=mug"
    assert f'href="{PLAN}/grid{query}"' in visitor.text(f"{PLAN}?report=most_urgent&search=mug")
    assert f'href="{PLAN}{query}"' in visitor.text(f"{PLAN}/grid?report=most_urgent&search=mug")
    assert "No product fits" in visitor.text(f"{PLAN}/grid?search=zzzz")


@pytest.fixture(scope="module")
def server(desk_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not CHROMIUM.exists():
        leave_out("Chromium is not installed (apt-get install chromium)")
    found = Server(own_home(desk_home, tmp_path_factory.mktemp("grid")))
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        yield driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])


def opened(server: Server, browser: Browser, **kind: object) -> Page:
    """The sheet, in a browser of its own, which complains of nothing."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, **kind)  # type: ignore[arg-type]  # as Playwright names it
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    server.sign_in(page)
    page.goto(f"{server.address}/o/{KEY}/plan/grid?report=most_urgent&supplier=Supplier+02")
    expect(page.locator("#sheet[data-ready]")).to_be_visible()
    return page


def paste(page: Page, text: str, *, row: int = 0) -> None:
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    quantity(page, row).click()
    page.keyboard.press("Control+V")


def quantity(page: Page, row: int):
    return page.locator(f"[row-index='{row}'] [col-id=order]")


def drafted(server: Server) -> dict[str, str]:
    """The quantities of the orders that have not ended, by product."""
    orders = OrderLedger(server.desk.store, KEY).orders()
    return {line.product_code: f"{line.quantity:f}" for order in orders for line in order.lines}


def test_a_pasted_column_is_saved_but_for_what_is_no_number_and_taken_back_at_once(
    server: Server, browser: Browser
) -> None:
    page, complaints = opened(server, browser), []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    codes = [page.locator(f"[row-index='{row}'] [col-id=code]").inner_text() for row in range(3)]
    before = drafted(server)
    paste(page, "171\r\nten\r\n172\r\n")
    expect(page.locator("#said")).to_contain_text("Saved 2 quantities.")
    expect(page.locator("#troubles")).to_contain_text("“ten” is not a number")
    expect(page.locator("[row-index='1'] [col-id=state]")).to_contain_text("Not saved: “ten” is not a number")
    after = drafted(server)
    assert [after[code] for code in codes] == ["171", before[codes[1]], "172"]
    page.get_by_role("button", name="Undo").click()
    expect(quantity(page, 0)).to_have_text(before[codes[0]])
    expect(page.locator("[row-index='0'] [col-id=state]")).not_to_contain_text("Saving")
    for _ in range(100):  # the sheet shows the former quantity before the desk has it again
        if drafted(server) == before:
            break
        page.wait_for_timeout(50)
    assert drafted(server) == before
    expect(quantity(page, 1)).to_have_text("ten")  # what is not saved is kept
    page.get_by_role("button", name="Back to").click()
    expect(page.locator("#troubles")).to_be_hidden()
    assert complaints == []
    page.context.close()


def test_a_quantity_is_filled_down_over_marked_rows_by_keyboard(server: Server, browser: Browser) -> None:
    page = opened(server, browser)
    quantity(page, 0).click()
    page.keyboard.type("91")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("Saved.")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Control+d")
    expect(page.locator("#said")).to_contain_text("Saved 2 quantities.")
    expect(quantity(page, 2)).to_have_text("91")
    page.keyboard.press("Control+z")
    expect(quantity(page, 2)).not_to_have_text("91")
    page.context.close()


def test_what_is_pasted_while_the_desk_is_killed_is_saved_when_it_is_back(server: Server, browser: Browser) -> None:
    page = opened(server, browser)
    server.stop()
    paste(page, "61\n62")
    expect(page.locator("[row-index='1'] [col-id=state]")).to_contain_text("Not saved, retrying")
    server.start()
    expect(page.locator("#said")).to_contain_text("Saved 2 quantities.", timeout=20_000)
    expect(quantity(page, 1)).to_have_text("62")
    page.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_spreadsheet_has_no_axe_violation(server: Server, browser: Browser, theme: str) -> None:
    page = opened(server, browser, bypass_csp=True, color_scheme=theme)
    paste(page, "ten")
    expect(page.locator("#troubles")).to_be_visible()
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("rules => axe.run(document, rules)", SOUND)
    assert [(rule["id"], [node["html"][:200] for node in rule["nodes"]][:3]) for rule in found["violations"]] == []
    page.context.close()
