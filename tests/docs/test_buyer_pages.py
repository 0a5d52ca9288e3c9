"""What the buyer's pages name is what the system has, and no reason of a plan is left unexplained."""

import re

from pipelines.replenishment.plan.reasons import REASONS
from tests.docs.test_pages import ROOT

PAGES = sorted((ROOT / "docs" / "buyer").glob("*.md"))
NAME = re.compile(r"`([a-z]+(?:_[a-z]+)+)`")


def known_names() -> set[str]:
    """Every name on the page that is made from the running system, and the problems that a load may find."""
    pages = (ROOT / "docs" / "interfaces.md", ROOT / "docs" / "operations.md")
    return {word for page in pages for word in re.findall(r"\w+", page.read_text())}


def test_a_setting_column_or_code_on_a_buyers_page_exists() -> None:
    named = {(page.name, name) for page in PAGES for name in NAME.findall(page.read_text())}
    assert len(named) > 60
    assert not [(page, name) for page, name in sorted(named) if name not in known_names()]


def test_every_reason_for_no_order_is_explained() -> None:
    orders = {
        "below_reorder_point", "short_before_open_orders_arrive", "below_minimum_shelf_level",
        "added_for_supplier_minimum",
    }  # fmt: skip
    explained = set(re.findall(r"`(\w+)`", (ROOT / "docs" / "buyer" / "not-ordered.md").read_text()))
    assert REASONS.keys() - orders <= explained


def test_every_question_is_on_the_front_page() -> None:
    front = (ROOT / "docs" / "buyer" / "index.md").read_text()
    assert not [page.name for page in PAGES if page.name != "index.md" and f"({page.name})" not in front]
