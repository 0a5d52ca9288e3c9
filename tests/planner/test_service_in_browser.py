"""Snoozing from the dashboard by keyboard, and the curves of Service, in Debian's Chromium."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from benchmarks.made_up_plans import connect_made_up, publish_made_up
from pipelines.settings import read_settings
from tests.planner.test_in_browser import AXE, SOUND, Seen, browser, seen, served

__all__ = ["browser", "seen", "served"]


@pytest.fixture(scope="module")
def desk_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of this module's own: its exceptions are snoozed."""
    home = tmp_path_factory.mktemp("own")
    settings = read_settings({"STOCKTRIM_HOME": str(home)})
    connect_made_up(settings, "acme", "Acme")
    publish_made_up(settings.organisation_folder("acme"), 60)
    return home


def test_an_exception_is_snoozed_from_the_dashboard_without_a_mouse(seen: Seen) -> None:
    page = seen.page
    seen.go("/o/acme/")
    first = page.locator(".exceptions li").first
    opener = first.get_by_role("button", name="Snooze…")
    opener.focus()
    page.keyboard.press("Enter")
    expect(first.get_by_label("because")).to_be_focused()
    assert violations(seen) == []
    page.keyboard.type("the fair is in May")
    page.keyboard.press("Enter")
    expect(first.locator(".said")).to_contain_text("Snoozed until")
    expect(first.locator(".said")).to_be_focused()
    first.get_by_role("button", name="Wake it").click()
    expect(first.locator(".said")).to_have_text("Listed again.")
    assert violations(seen) == []


def test_ticked_exceptions_are_counted_on_the_button_and_snoozed_together(seen: Seen) -> None:
    page = seen.page
    seen.go("/o/acme/exceptions")
    for number in (0, 1):
        page.get_by_role("checkbox").nth(number).check()
    page.locator("#snooze-several").get_by_label("because").fill("the fair is in May")
    page.get_by_role("button", name="Snooze 2 exceptions").click()
    expect(page.locator(".said")).to_have_text("Snoozed 2 exceptions.")
    expect(page.locator(".said")).to_be_focused()
    assert violations(seen) == []


def test_the_curves_of_service_are_drawn_and_have_their_tables(seen: Seen) -> None:
    seen.go("/o/acme/service")
    expect(seen.page.locator(".plot[data-drawn] canvas")).to_have_count(3)
    expect(seen.page.get_by_role("row", name="you are here")).to_contain_text("95%")
    assert violations(seen) == []


def violations(seen: Seen) -> list[str]:
    """What axe finds on the page."""
    client = seen.page.context.new_cdp_session(seen.page)
    run = f"{AXE.read_text()};axe.run(document, {SOUND}).then((found) => found.violations.map(({{id}}) => id))"
    result = client.send("Runtime.evaluate", {"expression": run, "awaitPromise": True, "returnByValue": True})
    return list(result["result"]["value"])
