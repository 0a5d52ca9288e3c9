"""All that is told of a product is what its plan was made from, and it is one thing wherever it is shown."""

from xml.etree import ElementTree as ET

import pytest

from pipelines.errors import UsageError
from pipelines.replenishment.explain.bridge import model_sentence
from pipelines.replenishment.explain.product_picture import explained_svg
from pipelines.replenishment.plan.reasons import REASONS
from tests.pipelines.planning_builders import (
    a_product,
    a_setting,
    expecting,
    in_days,
    in_stock,
    on_order,
    sold_every,
    the_line,
)
from tests.pipelines.replenishment.explain.explaining_builders import a_sale, days_without_stock, explained

THIRTY = expecting(20, 10)
HEIR = a_setting("successor_of", "OLD-01")
SET = a_setting("bundle_of", "TEA-01:2; CUP:1", subject="SET")
PARTS = {
    "plan", "bridge", "sentences", "settings", "lead_times", "model", "model_scores", "sales", "sales_weekly",
    "stock_out_days", "forecast", "quantiles", "transactions", "open_orders", "projected_stock",
}  # fmt: skip


def test_everything_is_told_from_sales_to_order():
    told = explained(a_product(), in_stock(9), a_sale(3, 5), on_order(5, arriving=in_days(8)), expecting=THIRTY)
    assert set(told) == PARTS
    assert not [part for part in PARTS - {"model_scores", "stock_out_days"} if not told[part]]
    assert told["plan"] == the_line(a_product(), in_stock(9), on_order(5, arriving=in_days(8)), expecting=THIRTY)


def test_a_successor_shows_its_predecessors_sales_under_the_code_that_was_sold():
    sales = a_sale(40, 5, product="OLD-01", number="INV-1"), a_sale(3, 2, number="INV-2")
    told = explained(a_product(), a_product("OLD-01"), HEIR, *sales, expecting=THIRTY)
    assert [(one["product_code"], one["counted_quantity"]) for one in told["transactions"]] == [
        ("TEA-01", 2),
        ("OLD-01", 5),
    ]
    assert sum(one["quantity"] for one in told["sales"]) == sum(one["quantity"] for one in told["sales_weekly"]) == 7
    assert told["sentences"][-1] == "What is sold of OLD-01 counts for it: 1 for each."


def test_a_part_of_a_bundle_shows_the_bundles_sales_by_the_pieces_that_each_stands_for():
    products = a_product(), a_product("CUP"), a_product("SET"), SET
    sales = a_sale(4, 3, product="SET"), a_sale(3, 1), a_sale(2, 9, product="CUP")
    told = explained(*products, *sales, expecting=THIRTY)
    assert [(one["product_code"], one["quantity"], one["counted_quantity"]) for one in told["transactions"]] == [
        ("TEA-01", 1, 1),
        ("SET", 3, 6),
    ]
    assert [one["quantity"] for one in told["sales"]] == [7, 0]


def test_a_bundle_says_its_parts_and_shows_what_was_sold_of_it():
    products = a_product(), a_product("CUP"), a_product("SET"), SET
    sales = a_sale(4, 3, product="SET"), a_sale(3, 1)
    told = explained(*products, *sales, product="SET", expecting=THIRTY)
    assert told["sentences"][0] == REASONS["planned_elsewhere"]
    assert told["sentences"][-1] == "It is planned as its parts CUP (1 each), TEA-01 (2 each)."
    assert [(one["product_code"], one["counted_quantity"]) for one in told["transactions"]] == [("SET", 3)]
    assert [one["quantity"] for one in told["sales"]] == [3, 0]
    assert sum(one["quantity"] for one in told["sales_weekly"]) == 3


def test_a_predecessor_says_its_successor_and_shows_what_was_sold_of_it():
    told = explained(a_product(), a_product("OLD-01"), HEIR, a_sale(4, 3, product="OLD-01"), product="OLD-01")
    assert told["sentences"][-1] == "Its demand counts for its successor TEA-01."
    assert [one["quantity"] for one in told["sales"]] == [3, 0]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "bundle_of",
            "CUP:1; ZZZ:2",
            (
                "It is set as a bundle of CUP:1; ZZZ:2, which is passed over: there is no product ZZZ, so that demand "
                "stays where it is."
            ),
        ),
        (
            "bundle_of",
            "CUP:1; TEA-01:2",
            (
                "It is set as a bundle of CUP:1; TEA-01:2, which is passed over: that demand counts for others, or "
                "would come back to itself."
            ),
        ),
        ("successor_of", "ZZZ", "What is sold of ZZZ, which is no product in Xero now, counts for it: 1 for each."),
    ],
)
def test_what_is_set_for_a_product_that_is_none_or_in_a_circle_is_said(name, value, sentence):
    told = explained(a_product(), a_product("CUP"), a_setting(name, value), a_sale(4, 3))
    assert told["sentences"][-1] == sentence
    assert [one["quantity"] for one in told["transactions"]] == [3]


def test_months_without_sales_are_told_until_today():
    told = explained(a_product(), a_sale(130, 5), a_sale(60, 2), expecting=THIRTY)
    assert [(one["month"], one["quantity"]) for one in told["sales"]] == [
        ("2025-10", 5), ("2025-11", 0), ("2025-12", 0), ("2026-01", 2), ("2026-02", 0), ("2026-03", 0),
    ]  # fmt: skip
    old = explained(a_product(), a_sale(900, 5), expecting=THIRTY)
    assert [one["quantity"] for one in old["sales"]] == [0] * 13


def test_the_model_of_a_product_with_demand_that_a_person_set_does_not_speak():
    sales = [a_sale(ago, 2, number=f"INV-{ago}") for ago in range(1, 200)]
    plain, told = explained(a_product(), *sales), explained(a_product(), a_setting("overridden_demand", "5"), *sales)
    assert "; forecast by " in model_sentence(plain["plan"], plain["model"])
    assert model_sentence(told["plan"], told["model"]) == (
        f"Sells smooth; demand that a person set speaks, in the place of the forecast by {told['model']['model']}."
    )


@pytest.mark.parametrize("typed", ["tea-01", " TEA-01 "])
def test_a_product_is_found_by_its_code_in_any_case(typed):
    told = explained(a_product(), in_stock(9), a_sale(3, 5), product=typed, expecting=THIRTY)
    assert told == explained(a_product(), in_stock(9), a_sale(3, 5), expecting=THIRTY)


def test_the_sales_lines_come_to_what_was_forecast_from_also_over_several_steps():
    transfers = HEIR, a_setting("bundle_of", "OLD-01:3", subject="SET")
    products = a_product(), a_product("OLD-01"), a_product("SET")
    sales = a_sale(9, 2, product="SET"), a_sale(8, 5, product="OLD-01"), a_sale(7, 1)
    told = explained(*products, *transfers, *sales, expecting=THIRTY)
    counted = sum(one["counted_quantity"] for one in told["transactions"])
    assert counted == sum(one["quantity"] for one in told["sales"]) == 2 * 3 + 5 + 1


def test_history_is_told_week_by_week_with_the_days_out_of_stock():
    told = explained(a_product(), a_sale(15, 2), a_sale(1, 4), days_without_stock(8, 9, 2), expecting=THIRTY)
    assert [tuple(one.values()) for one in told["sales_weekly"]] == [
        (in_days(-21), 2, 0), (in_days(-14), 0, 2), (in_days(-7), 4, 1),
    ]  # fmt: skip
    assert told["stock_out_days"] == [in_days(-9), in_days(-8), in_days(-2)]


def test_a_product_that_is_not_planned_is_one_sentence():
    with pytest.raises(UsageError, match="The plan has no product 'CUP'"):
        explained(a_product(), product="CUP", expecting=THIRTY)


def test_the_picture_marks_each_run_of_days_out_of_stock_and_draws_history_band_and_stock():
    frames = a_product(), in_stock(30), sold_every(1, 2, for_days=200), days_without_stock(301, 300, 250)
    told = explained(*frames)
    picture = ET.fromstring(explained_svg(told))  # noqa: S314
    marked = [one for one in picture.iter() if one.get("class") == "out"]
    assert [float(one.get("width", "0")) > 2 for one in marked] == [True, False]
    weeks = [
        one.get("points", "").count(",") for one in picture.iter() if one.tag.endswith(("polyline", "polygon"))
    ]  # fmt: skip
    ahead = len(told["forecast"])
    assert weeks == [2 * ahead, len(told["sales_weekly"]), ahead, ahead + 1]


def test_a_product_without_sales_has_a_picture_too():
    picture = explained_svg(explained(a_product(), in_stock(3)))
    assert ET.fromstring(picture).tag.endswith("svg")  # noqa: S314
