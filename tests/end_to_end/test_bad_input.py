"""What goes wrong is one plain sentence and an exit code; yesterday's data and the snapshot stay as they were."""

import hashlib
from pathlib import Path
from typing import Any

import httpx2
import polars as pl
import pytest

from pipelines.organisations.open_organisation import repoint_demo
from pipelines.settings import read_day, read_settings
from pipelines.storage import tables
from pipelines.storage.warehouse import open_warehouse, read_table
from tests.end_to_end.conftest import Command, CommandResult, Planned
from xero_sandbox.app.testing import running_sandbox
from xero_sandbox.core.documents import World
from xero_sandbox.worlds.generator import generate_wholesaler

RAW = [table for table in tables.TABLES if table.stage == "raw"]


def everything(stocktrim: Command) -> Any:
    """What is loaded and what is published, to be compared with later."""
    with open_warehouse(stocktrim.folder) as warehouse:
        loaded = {table.name: read_table(warehouse, table).hash_rows().sort().to_list() for table in RAW}
    return loaded, stocktrim.snapshot(), digest(stocktrim.snapshot())


def digest(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def assert_refused(result: CommandResult, *, code: int, saying: str) -> None:
    assert result.code == code, result.err
    assert saying in " ".join(result.err.split())
    assert "Traceback" not in result.out + result.err
    *progress, sentence = result.err.splitlines()
    assert sentence.startswith("Stopped: "), result.err
    assert all(line.startswith("  ") for line in progress), result.err


def test_an_unknown_organisation_is_refused(planned: Planned) -> None:
    before = everything(planned.stocktrim)
    for verb in ("load", "plan"):
        assert_refused(
            planned.stocktrim(verb, "-o", "nobody"), code=2, saying="No organisation is connected as 'nobody'"
        )
    assert everything(planned.stocktrim) == before


def test_without_a_connection_nothing_is_loaded(stocktrim: Command) -> None:
    assert_refused(stocktrim("load"), code=2, saying="stocktrim connect")


def test_a_wrong_secret_connects_nothing(stocktrim: Command, wholesaler: World) -> None:
    with running_sandbox([wholesaler]) as sandbox:
        assert_refused(stocktrim.connect(sandbox, secret="not-the-secret"), code=3, saying="refused the client id")
    assert_refused(stocktrim("load"), code=2, saying="stocktrim connect")


def test_a_secret_that_was_withdrawn_ends_the_load(planned: Planned) -> None:
    before = everything(planned.stocktrim)
    with running_sandbox([planned.world], client_secret="another-secret") as sandbox:
        repoint_demo(read_settings(), address=sandbox.url)
        assert_refused(planned.stocktrim("load"), code=3, saying="stocktrim connect")
    assert everything(planned.stocktrim) == before


def test_a_xero_that_does_not_answer_ends_the_load(planned: Planned) -> None:
    before = everything(planned.stocktrim)
    httpx2.post(f"{planned.sandbox.url}/_admin/faults", json=[{"kind": "drop_before", "times": 0}])
    assert_refused(planned.stocktrim("load"), code=5, saying="try again in a minute")
    assert everything(planned.stocktrim) == before


def test_a_page_of_broken_json_lands_nothing(planned: Planned) -> None:
    before = everything(planned.stocktrim)
    fault = {"kind": "answer", "path": "/Invoices", "status": 200, "body": '{"Invoices": [{"InvoiceID": ', "times": 0}
    httpx2.post(f"{planned.sandbox.url}/_admin/faults", json=[fault])
    assert_refused(planned.stocktrim("load", "--refresh", "sales-orders"), code=4, saying="Invoices")
    assert everything(planned.stocktrim) == before


def test_an_item_without_a_code_blocks_the_load(planned: Planned) -> None:
    before = everything(planned.stocktrim)
    next(iter(planned.sandbox.worlds[0].items.values())).code = ""
    assert_refused(planned.stocktrim("load"), code=4, saying="code")
    assert everything(planned.stocktrim) == before


def test_a_xero_without_products_blocks_the_load(planned: Planned) -> None:
    before = everything(planned.stocktrim)
    planned.sandbox.worlds[0].items.clear()
    assert_refused(planned.stocktrim("load"), code=4, saying="product")
    assert everything(planned.stocktrim) == before


def test_a_plan_before_any_load_is_refused(stocktrim: Command) -> None:
    with running_sandbox([generate_wholesaler(end=read_day("2026-06-30"), products=20, months=4)]) as sandbox:
        assert stocktrim.connect(sandbox).code == 0
        assert_refused(stocktrim("plan"), code=4, saying="run `stocktrim load` first")
    assert not (stocktrim.folder / "published").exists()


def test_a_product_that_was_never_sold_is_in_the_plan_with_that_reason(planned: Planned) -> None:
    unsold = planned.stocktrim.published("products").filter(
        pl.col("first_sale_date").is_null(), "is_tracked", ~pl.col("is_discontinued")
    )
    plan = planned.stocktrim.published("order_plan").join(unsold, on="product_code", how="semi")
    assert plan.height == unsold.height > 0
    assert set(plan["reason"]) == {"no_demand"}


@pytest.mark.parametrize("address", ["http://api.xero.com", "http://169.254.169.254", "ftp://127.0.0.1"])
def test_only_this_machine_may_be_asked_without_encryption(
    stocktrim: Command, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("XERO_API_URL", address)
    assert_refused(stocktrim("doctor"), code=2, saying="XERO_API_URL")
