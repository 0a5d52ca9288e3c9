"""Which organisation a command works on, if it does not name one."""

import pytest

from pipelines.errors import UsageError
from pipelines.settings import read_settings
from stocktrim_cli.chosen_organisation import default_organisation
from tests.end_to_end.conftest import Command
from tests.stocktrim_assets.connected import connect_on_paper


def test_the_only_organisation_is_the_default_whatever_the_environment_says() -> None:
    assert default_organisation(["acme"], preferred=None) == "acme"
    assert default_organisation(["acme"], preferred="beta") == "acme"


def test_of_several_organisations_the_environment_names_the_default() -> None:
    assert default_organisation(["acme", "beta"], preferred="beta") == "beta"


@pytest.mark.parametrize(
    ("connected", "preferred", "sentence"),
    [
        ([], None, "No organisation is connected yet: run `stocktrim connect`, or `make demo`"),
        (["acme", "beta"], None, "Several organisations are connected: add `-o KEY` .* acme, beta"),
        (["acme", "beta"], "gone", "STOCKTRIM_ORGANISATION is 'gone', which is not connected: use one of acme, beta"),
    ],
)
def test_without_a_default_one_sentence_lists_the_organisations(
    connected: list[str], preferred: str | None, sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        default_organisation(connected, preferred=preferred)


def test_a_home_that_never_had_the_demo_does_not_name_it(stocktrim: Command) -> None:
    nothing = stocktrim("load")
    assert (nothing.code, "make demo" in nothing.err) == (2, True)
    stocktrim("doctor")
    connect_on_paper(read_settings(), "acme")
    for command in (["explain", "TEA"], ["doctor"], ["orders", "list"], ["settings", "show"]):
        result = stocktrim(*command)
        assert "demo" not in result.out + result.err
    assert "Orders of acme" in stocktrim("orders", "list").out
    connect_on_paper(read_settings(), "beta")
    several = stocktrim("orders", "list")
    assert (several.code, "acme, beta" in several.err) == (2, True)
    assert "Orders of beta" in stocktrim("orders", "list", "-o", "beta").out


def test_the_doctor_of_a_home_without_an_organisation_checks_the_home(stocktrim: Command) -> None:
    checks = {check["check"]: check for check in stocktrim("doctor", "--json").json()["checks"]}
    assert checks["home"]["is_ok"]
    assert checks["store"]["is_ok"]
    assert checks["organisation"]["finding"].startswith("No organisation is connected yet")
