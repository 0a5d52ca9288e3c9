"""A million real invoice lines through the whole loop, and every count of them again from the file alone."""

import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

from tests.end_to_end.conftest import KEY, Command, yesterday
from tests.running import leave_out
from xero_sandbox.app.testing import running_sandbox
from xero_sandbox.worlds.importer import import_sales

LEFT_OUT = "STOCKTRIM_SALES_FILE names no file of real sales, so the walk of a million lines is left out."
GIBIBYTE = 1024**3


@dataclass(frozen=True)
class Walked:
    """The home after the walk, the lines that Xero held, and the most memory that a command took."""

    home: Path
    lines_in_xero: int
    peak_bytes: dict[str, int]

    def published(self, table: str) -> pl.DataFrame:
        return pl.read_parquet(self.home / "organisations" / KEY / "published" / f"{table}.parquet")


@pytest.fixture(scope="module")
def sales_file() -> Path:
    path = Path(os.environ.get("STOCKTRIM_SALES_FILE", "nowhere"))
    if not path.exists():
        leave_out(LEFT_OUT)
    return path


@pytest.fixture(scope="module")
def walked(sales_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Walked:
    home = tmp_path_factory.mktemp("real") / "home"
    imported = import_sales(sales_file, end=yesterday())
    world = imported.world
    sales = [one for one in world.invoices.values() if one.kind == "ACCREC"]
    with pytest.MonkeyPatch.context() as patch, running_sandbox([world]) as sandbox:
        assert Command(home, patch).connect(sandbox).code == 0
        peak_bytes = {verb: peak_of(verb) for verb in ("load", "plan")}
    return Walked(home, sum(len(one.lines) for one in sales), peak_bytes)


MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
"""


def peak_of(verb: str) -> int:
    """Run a command in a process of its own; the most memory that it held."""
    command = [sys.executable, "-c", MEASURED, sys.executable, "-m", "stocktrim_cli.main", verb]
    return int(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)  # noqa: S603, our own command


@pytest.fixture(scope="module")
def file_lines(sales_file: Path) -> pl.DataFrame:
    """The file's lines as the importer's contract reads them.

    Columns code, customer, day, quantity, is_sale, is_goods, is_credit: a line with a negative price is money.
    """
    lines = pl.read_parquet(sales_file)
    last_day = lines["InvoiceDate"].dt.date().max()
    assert isinstance(last_day, date)
    weeks = (yesterday() - last_day).days // 7
    is_cancelled = pl.col("InvoiceNo").str.starts_with("C")
    return lines.select(
        code=pl.col("StockCode").str.strip_chars().str.to_uppercase(),
        customer=pl.col("CustomerID").cast(pl.String).fill_null("nobody"),
        day=pl.col("InvoiceDate").dt.date() + timedelta(weeks=weeks),
        quantity=pl.col("Quantity"),
        is_sale=~is_cancelled & (pl.col("Quantity") > 0),
        is_goods=pl.col("UnitPrice") >= 0,
        is_credit=is_cancelled & (pl.col("Quantity") < 0),
    )


def test_every_sales_line_of_the_file_is_in_xero_and_in_staging(walked: Walked, file_lines: pl.DataFrame) -> None:
    in_file = file_lines["is_sale"].sum()
    warehouse = walked.home / "organisations" / KEY / "warehouse.duckdb"
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        [(in_staging,)] = connection.sql(
            "select count(*) from staging.stg_invoice_lines join staging.stg_invoices using (invoice_id) "
            "where invoice_type = 'ACCREC'"
        ).fetchall()
    assert in_file == walked.lines_in_xero == in_staging > 1_000_000


def test_demand_by_product_and_month_is_that_of_the_file(walked: Walked, file_lines: pl.DataFrame) -> None:
    result = (
        walked.published("demand_daily")
        .group_by("product_code", pl.col("demand_date").dt.truncate("1mo"))
        .agg(pl.col("quantity").sum())
    )
    expected = demand_by_month(file_lines)
    assert {(code, month): quantity for code, month, quantity in result.iter_rows() if quantity} == expected
    assert len(expected) > 40_000


@pytest.mark.parametrize("quantity", [74_215, 80_995])
def test_an_order_cancelled_whole_leaves_no_demand_behind(
    walked: Walked, file_lines: pl.DataFrame, quantity: int
) -> None:
    """Its sale is there to be seen, with all of it taken back."""
    [(code, day)] = file_lines.filter(pl.col("quantity") == quantity).select("code", "day").rows()
    assert file_lines.filter(pl.col("is_credit"), pl.col("code") == code, pl.col("quantity") == -quantity).height == 1
    sales = walked.published("demand_transactions").filter(pl.col("sold_quantity") == quantity)
    assert sales.select("product_code", "demand_date", "quantity", "credited_quantity").rows() == [
        (code, day, 0, quantity)
    ]


@dataclass
class Sale:
    """What a customer bought on a day, and has not given back."""

    day: date
    kept: float


def demand_by_month(lines: pl.DataFrame) -> dict[tuple[str, date], float]:
    """Sales less credits, each credit taken from the customer's most recent sales of the product up to its day."""
    sales: dict[tuple[str, str], list[Sale]] = defaultdict(list)
    for customer, code, day, quantity in (
        lines.filter("is_sale", "is_goods").select("customer", "code", "day", "quantity").rows()
    ):
        sales[customer, code].append(Sale(day, quantity))
    credits_ = lines.filter("is_credit").sort("day").select("customer", "code", "day", "quantity")
    for customer, code, day, quantity in credits_.rows():
        left = -quantity
        earlier = [sale for sale in sales[customer, code] if sale.day <= day]
        for sale in sorted(earlier, key=lambda sale: sale.day)[::-1]:
            taken = min(left, sale.kept)
            sale.kept -= taken
            left -= taken
    total: dict[tuple[str, date], float] = defaultdict(float)
    for (_, code), rows in sales.items():
        for sale in rows:
            total[code, sale.day.replace(day=1)] += sale.kept
    return {key: quantity for key, quantity in total.items() if quantity}


def test_every_product_of_the_file_is_in_the_plan_once(walked: Walked, file_lines: pl.DataFrame) -> None:
    codes = file_lines.filter(pl.col("is_sale") | pl.col("is_credit"), pl.col("code") != "")["code"].unique()
    assert walked.published("order_plan")["product_code"].sort().to_list() == codes.sort().to_list()


def test_no_command_takes_four_gibibytes(walked: Walked) -> None:
    assert max(walked.peak_bytes.values()) < 4 * GIBIBYTE
