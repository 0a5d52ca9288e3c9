"""The API: the same numbers as the screens, whole lists by cursors, and problems as RFC 9457 has them."""

from decimal import Decimal

import polars as pl
import pytest

from tests.planner.conftest import KEY, PRODUCTS, Visitor

V1 = "/api/v1"
PLAN = f"{V1}/organisations/{KEY}/plan"


def test_the_plan_comes_in_pages_that_are_whole(visitor: Visitor) -> None:
    answer = visitor.client.get(PLAN, params={"limit": 70}).json()
    lines = answer["lines"]
    while answer["next_cursor"]:
        answer = visitor.client.get(PLAN, params={"cursor": answer["next_cursor"], "limit": 70}).json()
        lines += answer["lines"]
    assert len({line["product_code"] for line in lines}) == len(lines) == PRODUCTS == answer["lines_found"]
    ordered = visitor.desk.views.view(KEY).order_plan.filter(pl.col("order_quantity") > 0)
    assert Decimal(answer["order_value_by_currency"]["GBP"]) == ordered["order_value"].sum()


def test_filters_are_those_of_the_screen(visitor: Visitor) -> None:
    parameters = {"report": "overstocked", "search": "mug", "sort": "-stock_on_hand"}
    found = [line["stock_on_hand"] for line in visitor.client.get(PLAN, params=parameters).json()["lines"]]
    assert found
    assert found == sorted(found, reverse=True)


def test_a_cursor_of_an_older_plan_says_so(visitor: Visitor) -> None:
    older = visitor.client.get(PLAN, params={"cursor": "MjAyNTAxMDEgNQ=="})
    assert (older.status_code, older.json()["title"]) == (410, "Gone")
    assert visitor.client.get(PLAN, params={"cursor": "%%%"}).status_code == 400


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{PLAN}?limit=0", 422), (f"{PLAN}?limit=zz", 422), (f"{V1}/organisations/nobody/plan", 404),
        (f"{V1}/organisations/{KEY}/analysis?product_code=nope", 404), (f"{V1}/organisations/{KEY}/analysis", 422),
        (f"{V1}/nowhere", 404),
    ],
)  # fmt: skip
def test_a_problem_is_a_sentence_for_programs(visitor: Visitor, path: str, status: int) -> None:
    answer = visitor.client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].endswith(".")


def test_strangers_get_a_problem_too(stranger: Visitor) -> None:
    answer = stranger.client.get(PLAN, follow_redirects=False)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


def test_the_analysis_is_the_explanation(visitor: Visitor) -> None:
    answer = visitor.client.get(f"{V1}/organisations/{KEY}/analysis", params={"product_code": "p-00011"}).json()
    assert answer["plan"]["product_code"] == "P-00011"
    assert answer["bridge"][-1]["quantity"] == answer["plan"]["order_quantity"]


def test_the_document_names_every_route_and_is_shown_without_help_from_elsewhere(visitor: Visitor) -> None:
    document = visitor.client.get(f"{V1}/openapi.json").json()
    text = visitor.text(f"{V1}/docs")
    assert len(document["paths"]) >= 5
    for path in document["paths"]:
        assert path in text


def test_an_answer_says_which_snapshot_it_is_of(visitor: Visitor) -> None:
    assert visitor.client.get(PLAN).headers["etag"].startswith(f'"{visitor.desk.views.view(KEY).snapshot_id}.')
