"""docs/tour.md tells what really happens, and the queries of docs/bi.md answer."""

import re
from pathlib import Path

import duckdb
import pytest

from tests.docs import bi_page, tour_page
from tests.end_to_end.conftest import Command


def test_the_tour_tells_what_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = tour_page.page(tour_page.walk(tmp_path / "home", monkeypatch))
    assert tour_page.PAGE.read_text() == result, "run `make docs`, and read what changed for this product"
    assert "A late order does not count" in result
    assert "\n| = | to order | 0 |\n" in result


def test_the_queries_for_bi_answer(planned_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stocktrim = Command(planned_home, monkeypatch)
    queries = re.findall(r"```sql\n(.*?)```", bi_page.PAGE.read_text(), re.DOTALL)
    assert len(queries) >= 4
    with duckdb.connect(str(stocktrim.snapshot() / "stocktrim.duckdb"), read_only=True) as published:
        home = str(planned_home).replace("'", "''")
        for query in (text.replace("'.stocktrim/", f"'{home}/") for text in queries):
            assert published.execute(query).fetchall(), query
