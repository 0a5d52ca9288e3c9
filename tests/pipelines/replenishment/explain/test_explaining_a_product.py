"""An explanation holds everything that a plan was made from, and shows it alike everywhere."""

from dataclasses import asdict, fields
from xml.etree import ElementTree as ET

import pytest

from pipelines.errors import UsageError
from pipelines.replenishment.explain.explanation_tables import explanation_tables, scores_table
from pipelines.replenishment.explain.product_picture import explained_svg
from pipelines.replenishment.explain.records import (
    ModelChoice,
    ModelScore,
    OpenOrderLine,
    PlanLine,
    ProductExplanation,
    SalesLine,
)
from pipelines.replenishment.explain.sentences import model_sentence
from pipelines.replenishment.plan.reasons import REASONS
from pipelines.storage import tables
from tests.pipelines.planning_builders import (
    AS_OF,
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
PARTS = (
    "plan", "bridge", "sentences", "settings", "lead_times", "model", "model_scores", "sales", "sales_weekly",
    "stock_out_days", "forecast", "quantiles", "transactions", "open_orders", "projected_stock",
    "other_suppliers",
)  # fmt: skip


def counted_lines(explanation: ProductExplanation) -> list[tuple[str, float]]:
    return [(line.product_code, line.counted_quantity) for line in explanation.transactions]


def units_sold(explanation: ProductExplanation) -> list[float]:
    return [month.quantity for month in explanation.sales]


def test_an_explanation_goes_from_sales_to_order():
    frames = a_product(), in_stock(9), on_order(5, arriving=in_days(8))
    explanation = asdict(explained(*frames, a_sale(3, 5), expecting=THIRTY))
    assert tuple(explanation) == PARTS
    assert not [
        part for part in set(PARTS) - {"model_scores", "stock_out_days", "other_suppliers"} if not explanation[part]
    ]
    assert explanation["plan"] == the_line(*frames, expecting=THIRTY)


@pytest.mark.parametrize(
    ("record", "table", "more"),
    [
        (PlanLine, tables.ORDER_PLAN, ()),
        (ModelChoice, tables.MODEL_CHOICE, ()),
        (ModelScore, tables.MODEL_SCORES, ()),
        (SalesLine, tables.DEMAND_TRANSACTIONS, ("counted_quantity",)),
        (OpenOrderLine, tables.STOCK_ON_ORDER, ("estimated_arrival_date",)),
    ],
)
def test_a_record_has_the_columns_of_its_table(record, table, more):
    assert [field.name for field in fields(record)] == [*table.columns, *more]


@pytest.mark.parametrize(
    ("margin", "error", "shown"),
    [(0.123, 0.02, ("+12%", "2%")), (-0.04, 0.1, ("-4%", "10%")), (-0.001, 0.0, ("+0%", "0%")), (None, None, ("", ""))],
)
def test_a_model_that_saves_loss_has_a_positive_score_in_every_table(margin, error, shown):
    score = ModelScore("smooth", "nb", True, 1.0, 1.1, margin, error, 3, 90, "smooth", "", AS_OF)  # noqa: FBT003, a row
    assert scores_table([score]).rows == [("nb", *shown, True)]


def test_a_successor_shows_its_predecessors_sales_under_the_code_that_was_sold():
    sales = a_sale(40, 5, product="OLD-01", number="INV-1"), a_sale(3, 2, number="INV-2")
    explanation = explained(a_product(), a_product("OLD-01"), HEIR, *sales, expecting=THIRTY)
    assert counted_lines(explanation) == [("TEA-01", 2), ("OLD-01", 5)]
    assert sum(units_sold(explanation)) == sum(week.quantity for week in explanation.sales_weekly) == 7
    assert explanation.sentences[-1] == "Sales of OLD-01 count for this product (1 for each unit)."


def test_a_part_of_a_bundle_shows_the_bundles_sales_by_the_units_that_each_stands_for():
    sales = a_sale(4, 3, product="SET"), a_sale(3, 1), a_sale(2, 9, product="CUP")
    explanation = explained(a_product(), a_product("CUP"), a_product("SET"), SET, *sales, expecting=THIRTY)
    assert counted_lines(explanation) == [("TEA-01", 1), ("SET", 6)]
    assert [line.quantity for line in explanation.transactions] == [1, 3]
    assert units_sold(explanation) == [7, 0]


def test_a_bundle_names_its_parts_and_shows_its_own_sales():
    sales = a_sale(4, 3, product="SET"), a_sale(3, 1)
    frames = a_product(), a_product("CUP"), a_product("SET"), SET, *sales
    explanation = explained(*frames, product="SET", expecting=THIRTY)
    assert explanation.sentences[0] == REASONS["planned_elsewhere"]
    assert explanation.sentences[-1] == "Planned as its parts: CUP (1 each), TEA-01 (2 each)."
    assert counted_lines(explanation) == [("SET", 3)]
    assert units_sold(explanation) == [3, 0]
    assert sum(week.quantity for week in explanation.sales_weekly) == 3


def test_a_predecessor_names_its_successor_and_shows_its_own_sales():
    explanation = explained(a_product(), a_product("OLD-01"), HEIR, a_sale(4, 3, product="OLD-01"), product="OLD-01")
    assert explanation.sentences[-1] == "Its demand counts for its successor TEA-01."
    assert units_sold(explanation) == [3, 0]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("bundle_of", "CUP:1; ZZZ:2", "The setting bundle_of (CUP:1; ZZZ:2) is ignored: there is no product ZZZ."),
        (
            "bundle_of",
            "CUP:1; TEA-01:2",
            (
                "The setting bundle_of (CUP:1; TEA-01:2) is ignored: that demand counts for another product already, "
                "or would return to its own."
            ),
        ),
        (
            "successor_of",
            "ZZZ",
            "Sales of ZZZ, which is no longer a product in Xero, count for this product (1 for each unit).",
        ),
    ],
)
def test_a_setting_that_names_no_product_or_leads_in_a_circle_is_explained(name, value, sentence):
    explanation = explained(a_product(), a_product("CUP"), a_setting(name, value), a_sale(4, 3))
    assert explanation.sentences[-1] == sentence
    assert [line.quantity for line in explanation.transactions] == [3]


def test_months_without_sales_are_shown_until_today():
    explanation = explained(a_product(), a_sale(130, 5), a_sale(60, 2), expecting=THIRTY)
    assert [(month.month, month.quantity) for month in explanation.sales] == [
        ("2025-10", 5), ("2025-11", 0), ("2025-12", 0), ("2026-01", 2), ("2026-02", 0), ("2026-03", 0),
    ]  # fmt: skip
    assert units_sold(explained(a_product(), a_sale(900, 5), expecting=THIRTY)) == [0] * 13


def sentence_of_model(explanation: ProductExplanation) -> str:
    assert explanation.model is not None
    return model_sentence(explanation.plan, explanation.model)


def test_the_demand_pattern_stands_beside_the_model_or_the_demand_that_a_person_set():
    sales = [a_sale(ago, 2, number=f"INV-{ago}") for ago in range(1, 200)]
    forecast, overridden, dead = (
        sentence_of_model(explained(a_product(), *frames))
        for frames in (sales, [a_setting("overridden_demand", "5"), *sales], [a_sale(400, 2)])
    )
    assert forecast.startswith("Demand pattern: smooth. Model: ")
    assert overridden.startswith("Demand pattern: smooth. A person set the demand; without that the model is ")
    assert dead == "Demand pattern: no sales in 52 weeks. Not forecast."


@pytest.mark.parametrize("typed", ["tea-01", " TEA-01 "])
def test_a_product_is_found_by_its_code_in_any_case(typed):
    frames = a_product(), in_stock(9), a_sale(3, 5)
    assert explained(*frames, product=typed, expecting=THIRTY) == explained(*frames, expecting=THIRTY)


def test_the_sales_lines_add_up_to_the_demand_of_the_forecast_also_over_several_transfers():
    transfers = HEIR, a_setting("bundle_of", "OLD-01:3", subject="SET")
    products = a_product(), a_product("OLD-01"), a_product("SET")
    sales = a_sale(9, 2, product="SET"), a_sale(8, 5, product="OLD-01"), a_sale(7, 1)
    explanation = explained(*products, *transfers, *sales, expecting=THIRTY)
    counted = sum(units for _, units in counted_lines(explanation))
    assert counted == sum(units_sold(explanation)) == 2 * 3 + 5 + 1


def test_history_is_shown_week_by_week_with_the_days_out_of_stock():
    out = days_without_stock(8, 9, 2)
    explanation = explained(a_product(), a_sale(15, 2), a_sale(1, 4), out, expecting=THIRTY)
    weeks = [(week.week_start_date, week.quantity, week.days_out_of_stock) for week in explanation.sales_weekly]
    assert weeks == [(in_days(-21), 2, 0), (in_days(-14), 0, 2), (in_days(-7), 4, 1)]
    assert explanation.stock_out_days == [in_days(-9), in_days(-8), in_days(-2)]


def test_a_product_that_is_not_planned_is_one_sentence():
    with pytest.raises(UsageError, match="There is no product 'CUP'"):
        explained(a_product(), product="CUP", expecting=THIRTY)


def test_a_long_table_shows_its_first_rows_and_how_many_there_are():
    sales = [a_sale(k + 1, 1, number=f"INV-{k}") for k in range(12)]
    explanation = explained(a_product(), *sales)
    *_, shown = explanation_tables(explanation, sales_lines=10)
    *_, whole = explanation_tables(explanation)
    assert (shown.title, len(shown.rows)) == ("Sales lines, the latest first (10 of 12)", 10)
    assert (whole.title, len(whole.rows)) == ("Sales lines, the latest first", 12)


def test_the_picture_marks_each_run_of_days_out_of_stock_and_draws_history_band_and_stock():
    frames = a_product(), in_stock(30), sold_every(1, 2, for_days=200), days_without_stock(301, 300, 250)
    explanation = explained(*frames)
    picture = ET.fromstring(explained_svg(explanation))  # noqa: S314, our own picture
    marked = [shape for shape in picture.iter() if shape.get("class") == "out"]
    assert [float(shape.get("width", "0")) > 2 for shape in marked] == [True, False]
    lines = [shape for shape in picture.iter() if shape.tag.endswith(("polyline", "polygon"))]
    ahead = len(explanation.forecast)
    points = [line.get("points", "").count(",") for line in lines]
    assert points == [2 * ahead, len(explanation.sales_weekly), ahead, ahead + 1]


def test_a_product_without_sales_has_a_picture_too():
    picture = explained_svg(explained(a_product(), in_stock(3)))
    assert ET.fromstring(picture).tag.endswith("svg")  # noqa: S314, our own picture
