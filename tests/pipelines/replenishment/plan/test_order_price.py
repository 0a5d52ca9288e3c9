"""Price breaks: the cost of an order follows its quantity, and the plan says when more would cost less."""

from decimal import Decimal

import pytest

from pipelines.planning_settings.registry import SettingError, parse_setting
from tests.pipelines.planning_builders import (
    SUPPLIER,
    TEA,
    a_product,
    a_setting,
    expecting,
    in_stock,
    the_line,
)
from tests.pipelines.replenishment.explain.explaining_builders import explained

# 2.50 a unit; 21 days of 2 a day, of which 7 in the coverage period; the order-up-to level is 58.8, so 59.
FORTY_TWO = expecting(28, 14)


def breaks(text: str):
    return a_setting("price_breaks", text)


def test_an_order_costs_what_its_quantity_costs():
    line = the_line(a_product(), in_stock(39), breaks("10 at 2.4; 20 at 2; 500 at 1.9"), expecting=FORTY_TWO)
    assert line["order_quantity"] == 20
    assert (line["unit_cost"], line["order_unit_cost"]) == (Decimal("2.5000"), Decimal("2.0000"))
    assert line["order_value"] == Decimal(int(line["order_quantity"])) * 2


def test_more_units_are_advised_if_the_price_saves_more_than_holding_costs():
    """20 to order, 40 at a lower price: 40 * 0.50 less 20 units at 2.00, held 7 + 20 / 4 days at 25% a year."""
    line = the_line(a_product(), in_stock(39), breaks("40 at 2"), expecting=FORTY_TWO)
    assert (line["order_quantity"], line["price_break_quantity"]) == (20, 40)
    assert float(line["price_break_saving"]) == pytest.approx(20 - 20 * 2 * 0.25 * 12 / 364, abs=0.01)
    sentences = explained(a_product(), in_stock(39), breaks("40 at 2"), expecting=FORTY_TWO).sentences
    assert (
        "20 more units, 40 in all, would reach a lower price and cost 19.67 GBP less in total, holding them until they "
        "are sold included."
    ) in sentences


@pytest.mark.parametrize(
    "more",
    [
        [breaks("40 at 2"), a_setting("maximum_shelf_level", "70")],
        [breaks("400 at 2")],
        [breaks("40 at 2.4999"), a_setting("holding_cost_rate", "1")],
        [breaks("40 at 2.6")],
    ],
    ids=["no room on the shelf", "sold only after the overstock period", "saves less than holding", "dearer"],
)
def test_more_units_are_not_advised_if_they_cost_more_or_have_no_room(more):
    line = the_line(a_product(), in_stock(39), *more, expecting=FORTY_TWO)
    assert (line["order_quantity"], line["price_break_quantity"], line["price_break_saving"]) == (20, None, None)
    assert line["order_unit_cost"] == line["unit_cost"]


def test_the_advised_quantity_is_whole_batches():
    line = the_line(
        a_product(), in_stock(39), breaks("45 at 2"), a_setting("batch_size", "10"), expecting=FORTY_TWO
    )  # fmt: skip
    assert (line["order_quantity"], line["price_break_quantity"]) == (20, 50)


def test_price_breaks_of_a_supplier_count_while_the_product_is_ordered_from_it():
    with_supplier = a_setting("price_breaks", "10 at 1", level="product_supplier", subject=f"{TEA} @ {SUPPLIER}")
    of_another = a_setting("price_breaks", "10 at 1", level="product_supplier", subject=f"{TEA} @ other")
    costs = [
        the_line(a_product(), in_stock(39), row, expecting=FORTY_TWO)["order_unit_cost"]
        for row in (with_supplier, of_another)
    ]
    assert costs == [Decimal("1.0000"), Decimal("2.5000")]


def test_a_batch_of_the_supplier_is_that_of_its_products():
    of_supplier = a_setting("batch_size", "15", level="supplier", subject=SUPPLIER)
    assert the_line(a_product(), in_stock(39), of_supplier, expecting=FORTY_TWO)["order_quantity"] == 30
    own = a_setting("batch_size", "8")
    assert the_line(a_product(), in_stock(39), of_supplier, own, expecting=FORTY_TWO)["order_quantity"] == 24


@pytest.mark.parametrize(
    "typed",
    ["100:9.5; 500:9.6", "100:9.5; 500:9.5", "100:9; 100:8", "0:9", "-5:9", "100:0", "100", "a:b", "100:9:8", "1e12:9",
     "NaN:1", "100:0.00001", ";"],
)  # fmt: skip
def test_price_breaks_that_do_not_fall_or_cannot_be_read_are_refused(typed):
    with pytest.raises(SettingError, match="with lower prices for more units"):
        parse_setting("price_breaks", typed, "product")


@pytest.mark.parametrize("typed", ["100:9.50; 500:9.00", "500 at 9; 100 @ 9.5", "from 100 at 9.50;500=9.0"])
def test_price_breaks_are_read_as_people_write_them(typed):
    assert parse_setting("price_breaks", typed, "product") == "100 at 9.5; 500 at 9"
