"""A person sees what the plan uses of a setting, not only what the setting says."""

from decimal import Decimal

import pytest

from pipelines.planning_settings.registry import ASSEMBLED
from pipelines.replenishment.explain.records import SettingInForce
from pipelines.replenishment.explain.used_values import used_values
from tests.pipelines.planning_builders import a_product, a_setting, expecting, in_stock, received, sold_every
from tests.pipelines.replenishment.explain.explaining_builders import plan_line

THIRTY = expecting(20, 10)
UNSET = [
    SettingInForce(name, value, "default")
    for name, value in {
        "lead_time_days": "14", "order_frequency_days": "7", "unit_cost": "", "preferred_supplier": "",
        "overridden_demand": "", "service_level": "0.95", "batch_size": "1", "maximum_shelf_level": "",
    }.items()
]  # fmt: skip


def test_an_estimated_lead_time_is_said_with_its_receipts():
    line = plan_line(a_product(), in_stock(30), received(20, 24, 28, 22), sold_every(1, 2, for_days=300))
    assert used_values(line, UNSET)["lead_time_days"] == (
        f"{line.expected_lead_time_days} days, estimated from 4 receipts of it and 4 of its supplier"
    )


def test_a_value_that_is_used_as_it_is_set_says_nothing_more():
    assert set(used_values(plan_line(a_product(), expecting=THIRTY), UNSET)) == {"unit_cost", "preferred_supplier"}


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        (
            {"lead_time_origin": ASSEMBLED, "manufacturing_time_days": 3}, "lead_time_days",
            "3 days: it is assembled here",
        ),
        (
            {"forecast_period_days": 60}, "order_frequency_days",
            "an order covers 60 days from today: the forecast period",
        ),
        (
            {"calendar_days_added": 5}, "order_frequency_days",
            "an order must last 5 days more: order days and shutdowns",
        ),
        ({"unit_cost": Decimal("2.50"), "currency": "EUR"}, "unit_cost", "2.5 EUR, from Xero"),
        ({"supplier_name": "Mug Works"}, "preferred_supplier", "Mug Works, from the orders and bills in Xero"),
        ({"service_level": 0.9}, "service_level", "90%"),
        ({"batch_size": 6.0}, "batch_size", "6 units"),
    ],
)  # fmt: skip
def test_what_the_plan_uses_instead_is_said(changes, name, words):
    assert used_values(plan_line(a_product(), expecting=THIRTY, **changes), UNSET)[name] == words


def test_an_override_whose_days_are_over_is_not_called_the_demand():
    settings = [SettingInForce("overridden_demand", "4.5", "product")]
    assert "the forecast" in used_values(plan_line(a_product(), expecting=THIRTY), settings)["overridden_demand"]
    overridden = plan_line(a_product(), a_setting("overridden_demand", "4.5"), expecting=THIRTY)
    assert not used_values(overridden, settings)
