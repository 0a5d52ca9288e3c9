"""Every screen at 200 % zoom, on the narrowest phone, and as a screen reader is given it."""

import shutil
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, ViewportSize

from tests.planner.conftest import KEY
from tests.planner.orders_home import FIRST, made_orders_home, settings_of
from tests.planner.test_in_browser import SCREENS
from tests.planner.test_plan_in_browser import Server, browser
from tests.running import leave_out
from tests.stocktrim_cli.test_connecting import CHROMIUM

__all__ = ["browser", "made_orders_home"]
DESK = f"/o/{KEY}"
EVERY_SCREEN = (
    *SCREENS, f"{DESK}/product?code=P-00011", f"{DESK}/plan/grid", f"{DESK}/orders", f"{DESK}/orders?order={FIRST}",
    f"{DESK}/orders/{FIRST}", f"{DESK}/settings", f"{DESK}/settings/groups", f"{DESK}/settings/suppliers",
    f"{DESK}/settings/products", f"{DESK}/settings/events", f"{DESK}/settings/history", f"{DESK}/settings/one-offs",
    f"{DESK}/people", "/sessions", "/api/v1/docs",
)  # fmt: skip
# 1280 x 1024 at 200 %, and the width that WCAG 2.2, 1.4.10 (reflow) names.
ZOOMED: ViewportSize = {"width": 640, "height": 512}
NARROWEST: ViewportSize = {"width": 320, "height": 640}
# What is written on its own, and so must be announced: the elements that the desk's scripts and answers write to.
SAYS = "#toasts, #said, #order-says, #send-result, #sent-now, #connecting, .found, .problem"
FIELDS = {
    "button", "checkbox", "combobox", "Date", "link", "listbox", "radio", "searchbox", "slider", "spinbutton", "switch",
    "textbox",
}  # fmt: skip
LANDMARKS = {"banner", "complementary", "contentinfo", "form", "main", "navigation", "region", "search"}

LAYOUT = """async () => {
  for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame); // the charts follow the width
  const faults = [], root = document.documentElement, everything = [...document.body.querySelectorAll("*")];
  const named = (one) => `${one.tagName}#${one.id}.${one.className} "${one.textContent.trim().slice(0, 40)}"`;
  const styleOf = (one) => getComputedStyle(one);
  const scrolls = (one) => ["auto", "scroll"].includes(styleOf(one).overflowX);
  const isWithin = (one, has) => one && (has(one) || isWithin(one.parentElement, has));
  const isPutAway = (one) => isWithin(one, (up) => styleOf(up).clipPath === "inset(50%)" || up.matches(".skip"));
  const isSeen = (one) => one.checkVisibility({ visibilityProperty: true }) && !isPutAway(one);
  if (root.scrollWidth > innerWidth) {
    const wide = everything.filter((one) => isSeen(one) && one.getBoundingClientRect().right > innerWidth + 1);
    const own = wide.filter((one) => !isWithin(one.parentElement, scrolls));
    faults.push(`scrolls sideways (${root.scrollWidth}): ${own.slice(-3).map(named).join("; ")}`);
  }
  const pen = document.createElement("canvas").getContext("2d");
  for (const one of document.querySelectorAll("select")) {
    pen.font = styleOf(one).font;
    const { width } = pen.measureText((one.selectedOptions[0]?.text ?? "").split(":")[0]); // its list explains the word
    if (isSeen(one) && width + 16 > one.clientWidth) faults.push(`cut: ${one.name} "${one.selectedOptions[0].text}"`);
  }
  for (const one of everything) {
    if (one.scrollWidth <= one.clientWidth + 1 || !isSeen(one)) continue;
    if (one.closest(".ag-root-wrapper")) continue; // the spreadsheet scrolls by itself, in both directions
    if (scrolls(one)) {
      const isNamed = one.hasAttribute("aria-label") && one.tabIndex >= 0;
      const mayScroll = one.matches("pre") || one.querySelector("table, svg, canvas");
      if (!isNamed || !mayScroll) faults.push(`scrolls sideways in itself: ${named(one)}`);
    } else if (["hidden", "clip"].includes(styleOf(one).overflowX) && one.clientWidth && one.textContent.trim()) {
      if (!one.closest("[title]") && !one.querySelector("[title]")) faults.push(`cut: ${named(one)}`);
    }
  }
  return faults;
}"""
UNHEARD = """(said) => [...document.querySelectorAll(said)]
  .filter((one) => !one.checkVisibility() || !one.closest("[role=status], [role=alert], [aria-live]"))
  .map((one) => one.outerHTML.slice(0, 90))"""


@pytest.fixture(scope="module")
def page(made_orders_home: Path, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One signed-in page over a desk with a plan, orders and settings."""
    if not CHROMIUM.exists():
        leave_out("Chromium is not installed (apt-get install chromium)")
    home = Path(shutil.copytree(made_orders_home, tmp_path_factory.mktemp("readers") / "home", symlinks=True))
    server = Server(settings_of(home))
    server.start()
    context = browser.new_context(base_url=server.address)
    opened = context.new_page()
    server.sign_in(opened)
    yield opened
    context.close()
    server.stop()


def test_every_screen_reflows_and_reads_well(page: Page) -> None:
    reader = page.context.new_cdp_session(page)
    faults = {path: found for path in EVERY_SCREEN if (found := _faults_of(page, reader, path))}
    assert faults == {}


def _faults_of(page: Page, reader: CDPSession, path: str) -> list[str]:
    page.set_viewport_size(ZOOMED)
    answer = page.goto(path)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    page.wait_for_load_state("networkidle")
    found = [] if answer and answer.status in (200, 404) else [f"answers {answer and answer.status}"]
    found += [f"at 200 %: {fault}" for fault in page.evaluate(LAYOUT)]
    page.set_viewport_size(NARROWEST)
    found += [f"at 320 px: {fault}" for fault in page.evaluate(LAYOUT)]
    found += [f"not announced: {one}" for one in page.evaluate(UNHEARD, SAYS)]
    tree = reader.send("Accessibility.getFullAXTree")["nodes"]
    return found + reading_faults([node for node in tree if not node["ignored"]])


def reading_faults(nodes: list[dict[str, Any]]) -> list[str]:
    """What a person who hears the page would miss, by the nodes of Chromium's accessibility tree."""
    heard = [(node["role"]["value"], node.get("name", {}).get("value", "").strip(), _level(node)) for node in nodes]
    levels = [level for role, _, level in heard if role == "heading"]
    found = [] if levels.count(1) == 1 else [f"{levels.count(1)} headings of level 1"]
    found += [f"a heading of level {b} follows one of {a}" for a, b in pairwise(levels) if b > a + 1]
    found += [f"{role} without a name" for role, name, _ in heard if role in FIELDS | {"table", "grid"} and not name]
    # a form or a region without a name is no landmark
    marks = Counter(
        (role, name) for role, name, _ in heard if role in LANDMARKS and (name or role not in ("form", "region"))
    )
    kinds = Counter(role for role, _ in marks.elements())
    found += [] if kinds["main"] == 1 else [f"{kinds['main']} landmarks main"]
    found += [
        f"{n} {role} named {name!r}" for (role, name), n in marks.items() if n > 1 or (kinds[role] > 1 and not name)
    ]
    if not any(role == "status" for role, _, _ in heard):
        found.append("no status region")
    return found


def _level(node: dict[str, Any]) -> int:
    return next((one["value"]["value"] for one in node.get("properties", ()) if one["name"] == "level"), 0)
