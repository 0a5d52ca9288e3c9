"""A negative number is refused as a value with what is allowed, not as an unknown option."""

from collections.abc import Iterator

import pytest

from pipelines.organisations.open_organisation import open_organisation
from pipelines.settings import read_settings
from tests.end_to_end.conftest import Command
from tests.pipelines.organisations.conftest import HARBOUR, a_world
from tests.pipelines.purchasing.purchasing_builders import a_draft
from xero_sandbox.app.testing import running_sandbox


@pytest.fixture
def connected(stocktrim: Command) -> Iterator[Command]:
    with running_sandbox([a_world(HARBOUR, 1)]) as sandbox:
        assert stocktrim.connect(sandbox).code == 0
        yield stocktrim


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("lead_time_days", "-5", "a whole number of days from 0 to 730"),
        ("service_level", "-95%", "a share from 50% to 99.99%, such as 95%"),
        ("overstock_period_days", "-0.5", "a whole number of days from 0 to 3650"),
    ],
)
def test_a_negative_setting_is_refused_with_the_allowed_range(
    connected: Command, name: str, value: str, allowed: str
) -> None:
    result = connected("settings", "set", name, value)
    assert (result.code, result.err) == (2, f"Stopped: {name} cannot be {value!r}: give {allowed}.\n")


def test_the_options_of_setting_a_number_are_read_as_before(connected: Command) -> None:
    assert "Set a setting for the organisation" in connected("settings", "set", "lead_time_days", "-5", "--help").out
    slip = connected("settings", "set", "lead_time_days", "21", "--resaon", "new port")
    assert slip.code == 2
    assert "--resaon" in slip.err
    assert connected("settings", "set", "lead_time_days", "21", "--reason", "new port").code == 0
    assert connected("settings", "show", "--history", "--json").json()[0]["reason"] == "new port"


def test_a_negative_quantity_is_refused_with_what_is_allowed(connected: Command) -> None:
    opened = open_organisation(read_settings(), "demo")
    order = opened.ledger.append(a_draft())
    result = connected("orders", "change", order.order_id, "TEA-01", "-5")
    assert result.code == 2
    assert "Stopped: -5 is not a valid quantity: give a number of units" in result.err
    assert opened.ledger.order(order.order_id) == order
    opened.store.close()
