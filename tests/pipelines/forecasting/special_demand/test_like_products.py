"""A new product is forecast like another one, and its own sales count more every week."""

import polars as pl
import pytest

from pipelines.errors import UsageError
from pipelines.forecasting.forecast_request import forecast_request
from pipelines.forecasting.special_demand.like_products import likes_in_force
from pipelines.planning_settings.registry import parse_setting
from pipelines.planning_settings.setting_files.requested_settings import SettingRequest, propose
from pipelines.planning_settings.subjects import Subjects
from pipelines.product_codes import ProductCodes
from tests.pipelines.planning_builders import AS_OF, TEA, Company, a_product, a_setting, in_stock, inputs, sold_every

NEW = "NEW-01"
OLD_SALES = sold_every(1, 4, for_days=400)


def company(*frames: pl.DataFrame, like: str = f"{TEA} * 0.5") -> Company:
    return inputs(a_product(), a_product(NEW), OLD_SALES, a_setting("like_product", like, subject=NEW), *frames)


def mean_of(books: Company, product: str = NEW) -> float:
    rows = dict(books.forecast().demand_horizons.select(
        "product_code", pl.col("demand_before_arrival") + pl.col("demand_in_cover")
    ).rows())  # fmt: skip
    return float(rows[product])


def test_a_product_that_was_never_sold_sells_like_the_other_one_times_the_factor():
    books = company()
    assert mean_of(books) == pytest.approx(0.5 * mean_of(books, TEA), rel=0.001)
    quantiles = books.forecast().demand_quantiles
    of_new, of_tea = (quantiles.filter(product_code=code)["quantity"].to_numpy() for code in (NEW, TEA))
    assert of_new == pytest.approx(0.5 * of_tea, abs=0.01)


def test_it_is_planned_at_once():
    line = company(in_stock(0, product=NEW)).plan().order_plan.filter(product_code=NEW).row(0, named=True)
    assert line["order_quantity"] > 0
    assert line["model"] == "like_product"


def test_its_own_sales_count_by_their_weeks():
    """Own sales of 12 a day for four weeks count one half: 12 and 2 make 7 a day."""
    books = company(sold_every(1, 12, for_days=28, product=NEW))
    own = mean_of(inputs(a_product(NEW), OLD_SALES, sold_every(1, 12, for_days=28, product=NEW), a_product()))
    assert mean_of(books) == pytest.approx(0.5 * own + 0.5 * 0.5 * mean_of(books, TEA), rel=0.01)


def test_after_a_year_only_its_own_sales_count():
    sales = sold_every(1, 12, for_days=364, product=NEW)
    alone = inputs(a_product(), a_product(NEW), OLD_SALES, sales)
    assert mean_of(company(sales)) == mean_of(alone)


def test_without_a_like_nothing_changes_and_the_other_product_never_does():
    alone = inputs(a_product(), a_product(NEW), OLD_SALES)
    assert mean_of(company(), TEA) == mean_of(alone, TEA)
    assert NEW not in alone.forecast().demand_horizons["product_code"]


def test_another_product_that_is_gone_or_never_sold_changes_nothing():
    for books in (company(like="GONE * 1"), inputs(
        a_product(), a_product(NEW), a_setting("like_product", f"{TEA} * 1", subject=NEW)
    )):  # fmt: skip
        assert NEW not in books.forecast().demand_horizons["product_code"]


def test_the_reason_says_how_much_its_own_sales_count():
    books = company(sold_every(1, 12, for_days=12, product=NEW))
    parameters = books.parameters
    request = forecast_request(parameters.plan_settings, parameters.protection_intervals)
    (like,) = likes_in_force(request.likes, books.demand_daily, as_of=AS_OF)
    assert like.reason == f"forecast like {TEA} * 0.5; own sales count 30% so far"


@pytest.mark.parametrize("typed", ["P-1 * 0", "P-1 * -1", "P-1 * 1e9", "P-1 * nan", "P-1*0.00001", " * 2"])
def test_a_factor_that_is_none_is_refused(typed: str) -> None:
    with pytest.raises(UsageError, match="the code of a product and a factor"):
        parse_setting("like_product", typed, "product")


def test_a_code_may_hold_a_star_and_a_factor_may_be_left_out() -> None:
    assert parse_setting("like_product", "A*B", "product") == "A*B * 1"
    assert parse_setting("like_product", "A * 0,5", "product") == "A * 0.5"


def problems(*wanted: tuple[str, str], known: dict[str, str] | None = None) -> list[str]:
    subjects = Subjects(ProductCodes({"A", "B", "C"}), {})
    requests = [SettingRequest("product", code, "like_product", text, line) for line, (code, text) in enumerate(wanted)]
    explicit = {("product", code, "like_product"): value for code, value in (known or {}).items()}
    return [fault.problem for fault in propose(requests, subjects=subjects, explicit=explicit).faults]


def test_itself_a_chain_a_circle_and_an_unknown_product_are_refused():
    assert problems(("A", "B * 0.5")) == []
    assert "cannot name A itself" in problems(("A", "a"))[0]
    assert "B is itself forecast like C" in problems(("A", "B"), known={"B": "C * 1"})[0]
    assert "A is forecast like B" in problems(("B", "C"), known={"A": "B * 1"})[0]
    assert len(problems(("A", "B"), ("B", "A"))) == 2
    assert "There is no product 'X'" in problems(("A", "X"))[0]
