"""What `stocktrim plan` prints adds up for the person who reads it."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from stocktrim_cli.plan import missing_prices, show_plan
from tests.pipelines.planning_builders import a_plan, a_product, a_setting, expecting, in_stock
from tests.pipelines.replenishment.plan.test_plan_summary import the_summary

SHORT = expecting(20, 10)


def shown(capsys: pytest.CaptureFixture[str], *settings: pl.DataFrame) -> str:
    frames = (a_product(), in_stock(30), *settings)
    show_plan(the_summary(*frames, expecting=SHORT), a_plan(*frames, expecting=SHORT), organisation="acme")
    return capsys.readouterr().out


def test_products_that_are_short_and_cannot_be_ordered_stand_beside_those_to_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "of these, no room to order" in shown(capsys, a_setting("maximum_shelf_level", "30"))
    assert "of these, no room to order" not in shown(capsys)


@pytest.mark.parametrize(
    ("lacking", "sentences"),
    [
        (
            {"sales_unit_price": Decimal(0)},
            ["1 product has no sales price, so lost margin is not counted: TEA-01."],
        ),
        ({"unit_cost": Decimal(0)}, ["1 product has no unit cost, so cost is not counted: TEA-01."]),
        (
            {"unit_cost": Decimal(0), "currency_rate": None},
            ["1 product has no exchange rate, so the totals are too low: TEA-01."],
        ),
        ({}, []),
    ],
)
def test_only_the_missing_price_is_named_with_its_products(lacking: dict[str, Any], sentences: list[str]) -> None:
    assert missing_prices(a_plan(a_product(**lacking), in_stock(30), expecting=SHORT)) == sentences
