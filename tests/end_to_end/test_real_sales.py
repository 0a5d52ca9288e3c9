"""Real invoice lines through the whole loop, and every count of them again from the file alone.

A twentieth of the file's million lines each time; all of them by `make soak`.
"""

import os
import subprocess
import sys
import zlib
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
VERY_LARGE = (74_215, 80_995)


@dataclass(frozen=True)
class Walked:
    """The home after the walk, the lines that Xero held, and the most memory that loading and planning took."""

    home: Path
    lines_in_xero: int
    peak_bytes: int

    def published(self, table: str) -> pl.DataFrame:
        return pl.read_parquet(self.home / "organisations" / KEY / "published" / f"{table}.parquet")


@dataclass(frozen=True)
class SalesFile:
    """A file of invoice lines, and how many sales lines and pairs of product and month it has at least."""

    path: Path
    least_lines: int
    least_months: int


@pytest.fixture(scope="module", params=["a twentieth", pytest.param("all", marks=pytest.mark.soak)])
def sales_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SalesFile:
    path = Path(os.environ.get("STOCKTRIM_SALES_FILE", "nowhere"))
    if not path.exists():
        leave_out(LEFT_OUT)
    if request.param == "all":
        return SalesFile(path, least_lines=1_000_000, least_months=40_000)
    share = tmp_path_factory.mktemp("share") / path.name
    twentieth_of(pl.read_parquet(path)).write_parquet(share)
    return SalesFile(share, least_lines=45_000, least_months=4_500)


def twentieth_of(lines: pl.DataFrame) -> pl.DataFrame:
    """All lines of one product in eight with one customer in four or with none, and the very large orders."""
    is_very_large = pl.col("Quantity").abs().is_in(VERY_LARGE)
    is_kept_product = one_in(8, pl.col("StockCode").str.strip_chars().str.to_uppercase())
    is_kept_customer = pl.col("CustomerID").is_null() | one_in(4, pl.col("CustomerID").cast(pl.String))
    return lines.filter(is_very_large | (is_kept_product & is_kept_customer))


def one_in(count: int, names: pl.Expr) -> pl.Expr:
    return names.map_elements(lambda name: zlib.crc32(name.encode()) % count == 0, return_dtype=pl.Boolean)


@pytest.fixture(scope="module")
def walked(sales_file: SalesFile, tmp_path_factory: pytest.TempPathFactory) -> Walked:
    home = tmp_path_factory.mktemp("real") / "home"
    imported = import_sales(sales_file.path, end=yesterday())
    world = imported.world
    sales = [invoice for invoice in world.invoices.values() if invoice.kind == "ACCREC"]
    with pytest.MonkeyPatch.context() as patch, running_sandbox([world]) as sandbox:
        assert Command(home, patch).connect(sandbox).code == 0
        measured = subprocess.run([sys.executable, "-c", MEASURED], stdout=subprocess.PIPE, check=True)  # noqa: S603, ours
    return Walked(home, sum(len(invoice.lines) for invoice in sales), peak_bytes=int(measured.stdout))


# The run that a schedule starts, in a process of its own: the most memory that it or a process that it starts held.
MEASURED = f"""
import resource
from stocktrim_cli.runs import run_job
run_job("load_and_plan", organisation="{KEY}")
print(max(resource.getrusage(who).ru_maxrss * 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
"""


@pytest.fixture(scope="module")
def file_lines(sales_file: SalesFile) -> pl.DataFrame:
    """The file's lines as the importer's contract reads them.

    Columns code, customer, day, quantity, is_sale, is_goods, is_credit: a line with a negative price is money.
    """
    lines = pl.read_parquet(sales_file.path)
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


def test_every_sales_line_of_the_file_is_in_xero_and_in_staging(
    walked: Walked, file_lines: pl.DataFrame, sales_file: SalesFile
) -> None:
    in_file = file_lines["is_sale"].sum()
    warehouse = walked.home / "organisations" / KEY / "warehouse.duckdb"
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        [(in_staging,)] = connection.sql(
            "select count(*) from staging.stg_invoice_lines join staging.stg_invoices using (invoice_id) "
            "where invoice_type = 'ACCREC'"
        ).fetchall()
    assert in_file == walked.lines_in_xero == in_staging > sales_file.least_lines


def test_demand_by_product_and_month_is_that_of_the_file(
    walked: Walked, file_lines: pl.DataFrame, sales_file: SalesFile
) -> None:
    result = (
        walked.published("demand_daily")
        .group_by("product_code", pl.col("demand_date").dt.truncate("1mo"))
        .agg(pl.col("quantity").sum())
    )
    expected = demand_by_month(file_lines)
    assert {(code, month): quantity for code, month, quantity in result.iter_rows() if quantity} == expected
    assert len(expected) > sales_file.least_months


@pytest.mark.parametrize("quantity", VERY_LARGE)
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


def test_loading_and_planning_take_less_than_four_gibibytes(walked: Walked) -> None:
    assert walked.peak_bytes < 4 * GIBIBYTE
