"""One-off order? Yes keeps the sale out of usual demand, no counts it, and both are said."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from pipelines.forecasting.history.demand_matrix import make_demand_matrix
from pipelines.forecasting.special_demand.one_off_answers import CREDITED, GONE, KEPT_OUT, answered_one_offs
from pipelines.forecasting.special_demand.one_off_orders import find_one_off_orders, list_one_off_orders
from pipelines.forecasting.special_demand.usual_demand import usual_demand
from pipelines.storage.tables import DEMAND_TRANSFERS, ONE_OFF_ANSWERS, empty
from tests.pipelines.planning_builders import AS_OF, TEA, a_product, in_days, inputs, sold, sold_every
from tests.pipelines.replenishment.explain.explaining_builders import a_sale

USUAL = sold_every(7, 4, for_days=400)
FAIR = a_sale(33, 5000, invoice_id="I-7", number="INV-7")
WITH_FAIR = pl.concat([USUAL, sold({33: 5000})])


def answered(answer: str, *, product: str = TEA, invoice: str = "I-7") -> pl.DataFrame:
    row = (invoice, product, "INV-7", answer, "Ann", datetime(2026, 3, 1, tzinfo=UTC), "a fair")
    return pl.DataFrame([row], schema=ONE_OFF_ANSWERS.schema, orient="row")


def usual(answers: pl.DataFrame, *, transfers: pl.DataFrame | None = None, sales: pl.DataFrame = FAIR) -> pl.DataFrame:
    request = replace(
        inputs(a_product()).request, one_off_answers=answers, transfers=empty(DEMAND_TRANSFERS) if transfers is None
        else transfers,
    )  # fmt: skip
    return usual_demand(WITH_FAIR, sales, request, as_of=AS_OF)


def units(demand: pl.DataFrame) -> tuple[float, float]:
    """The usual demand of all weeks, and what spikes sold beyond it."""
    matrix = make_demand_matrix(demand, as_of=AS_OF)
    return float(np.nansum(matrix.demand)), float(matrix.spikes.quantity.sum())


def test_without_an_answer_a_large_sale_is_a_spike():
    of_all, of_spikes = units(usual(empty(ONE_OFF_ANSWERS)))
    assert of_spikes == pytest.approx(5000, abs=10)
    assert of_all == pytest.approx(USUAL["quantity"].sum(), abs=10)


def test_yes_keeps_the_sale_out_and_nothing_else():
    demand = usual(answered("yes"))
    assert demand["quantity"].sum() == USUAL["quantity"].sum()
    assert units(demand)[1] == 0


def test_no_counts_the_sale_as_usual_demand():
    of_all, of_spikes = units(usual(answered("no")))
    assert of_spikes == 0
    assert of_all == pytest.approx(USUAL["quantity"].sum() + 5000, abs=10)


def test_yes_is_obeyed_also_where_the_rule_would_keep_the_sale():
    sales = a_sale(8, 4, invoice_id="I-7")
    assert usual(answered("yes"), sales=sales)["quantity"].sum() == WITH_FAIR["quantity"].sum() - 4


def test_an_answer_about_a_bundle_holds_for_its_parts():
    parts = pl.DataFrame([(TEA, "CUP", 2.0)], schema=DEMAND_TRANSFERS.schema, orient="row")
    counted, kept_out = (usual(answered(answer), transfers=parts) for answer in ("no", "yes"))
    of_all, of_spikes = units(counted)
    assert of_spikes == 0
    assert of_all == pytest.approx(2 * (USUAL["quantity"].sum() + 5000), abs=20)
    assert kept_out["quantity"].sum() == 2 * USUAL["quantity"].sum()


def test_what_was_answered_is_never_asked_again():
    asked = {
        answer: list_one_off_orders(
            find_one_off_orders(usual(answers), as_of=AS_OF), FAIR, empty(DEMAND_TRANSFERS), answers
        )
        for answer, answers in (("", empty(ONE_OFF_ANSWERS)), ("no", answered("no")), ("yes", answered("yes")))
    }  # fmt: skip
    first = asked[""].row(0, named=True)
    assert (first["invoice_number"], first["sold_as"], first["invoice_quantity"]) == ("INV-7", TEA, 5000)
    assert (first["demand_date"], first["answer"]) == (in_days(-33), "")
    assert asked["no"]["answer"].to_list() == ["no"]
    assert asked["yes"].is_empty()


@pytest.mark.parametrize(
    ("sales", "effect"),
    [(FAIR, KEPT_OUT), (FAIR.clear(), GONE), (a_sale(33, 0, invoice_id="I-7"), CREDITED),
     (a_sale(33, 9, invoice_id="I-8", number="INV-7"), GONE)],
)  # fmt: skip
def test_an_answer_says_what_it_does_also_when_its_sale_is_voided_later(sales: pl.DataFrame, effect: str) -> None:
    row = answered_one_offs(answered("yes"), sales).row(0, named=True)
    assert (row["effect"], row["answered_by"], row["reason"]) == (effect, "Ann", "a fair")


def test_a_product_that_was_only_sold_once_has_no_demand_without_its_one_off():
    request = replace(inputs(a_product()).request, one_off_answers=answered("yes"))
    demand = usual_demand(sold({33: 5000}), FAIR, request, as_of=AS_OF)
    assert make_demand_matrix(demand, as_of=AS_OF).product_codes == []
