"""A home whose organisation has orders: two drafts of a plan to one supplier, one to another, in a made-up plan.

Each test gets its own copy, since orders are written to.
"""

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from benchmarks.made_up_plans import connect_made_up, publish_made_up
from pipelines.purchasing.events import Drafted, OrderLine
from pipelines.settings import Settings, read_settings
from pipelines.storage import tables
from pipelines.store.engine import open_store
from pipelines.store.order_ledger import OrderLedger
from pipelines.store.setting_ledger.setting_changes import SettingChange, set_settings
from tests.planner.conftest import KEY, OTHER, Visitor, visitor_of
from tests.running import made_once

FIRST, SECOND, ELSEWHERE, OF_OTHER = "20261201-AAAAAA", "20261201-BBBBBB", "20261201-CCCCCC", "20261201-DDDDDD"
SUPPLIER = "Hansen & Co"
AT = datetime(2026, 12, 1, 6, 14, tzinfo=UTC)


def drafted(order_id: str, supplier: str, *lines: OrderLine, minimum: str = "0", currency: str = "GBP") -> Drafted:
    """A draft of the plan."""
    return Drafted(
        order_id=order_id, sequence=1, at=AT, by="plan", plan_id="20261201-made-up", supplier_id=f"id of {supplier}",
        supplier_name=supplier, currency=currency, order_date=date(2026, 12, 1), lines=lines,
        expected_arrival_date=date(2026, 12, 15), data_loaded_at=datetime.now(UTC),
        minimum_order_value=Decimal(minimum),
    )  # fmt: skip


def line(code: str, quantity: int, cost: str, day: int = 15) -> OrderLine:
    """A line."""
    return OrderLine(
        code, f"Name of {code}", Decimal(quantity), Decimal(cost), expected_arrival_date=date(2026, 12, day)
    )  # fmt: skip


DRAFTS = (
    drafted(FIRST, SUPPLIER, line("P-00011", 12, "2.50"), line("P-00012", 5, "4.00", 20)),
    drafted(SECOND, SUPPLIER, line("P-00013", 3, "10.00")),
    drafted(ELSEWHERE, "<b>Mills</b>", line("P-00014", 2, "7.25"), minimum="100"),
)


def settings_of(home: Path) -> Settings:
    """The settings of a home."""
    return read_settings({"STOCKTRIM_HOME": str(home)})


def ledger_of(home: Path, key: str = KEY) -> OrderLedger:
    """The ledger of a home's organisation; its store is closed with the test."""
    return OrderLedger(open_store(settings_of(home).database_url), key)


def _make(home: Path) -> None:
    home.mkdir(parents=True)
    settings = settings_of(home)
    for key in (KEY, OTHER):
        connect_made_up(settings, key, f"{key.title()} & Söhne")
        folder = settings.organisation_folder(key)
        publish_made_up(folder, 40)
        _publish_products(folder / "published")
    with closing(open_store(settings.database_url)) as store:
        OrderLedger(store, KEY).append_all(DRAFTS)
        set_settings(store, KEY, [SettingChange(
            "supplier", "id of <b>Mills</b>", "minimum_order_value", "100", changed_by="anna", changed_at=AT
        )])  # fmt: skip
        OrderLedger(store, OTHER).append(drafted(OF_OTHER, "Other", line("P-00011", 1, "1.00")))


def _publish_products(snapshot: Path) -> None:
    """Products that can be added to an order, and their suppliers."""
    plan = pl.read_parquet(snapshot / f"{tables.ORDER_PLAN.name}.parquet")
    products = plan.select(
        "product_code", "product_name", "currency", product_id="product_code", is_tracked=True,
        is_discontinued=False, is_unstocked=False, supplier_id=pl.lit(f"id of {SUPPLIER}"),
        supplier_name=pl.lit(SUPPLIER), unit_cost=pl.lit(Decimal("3.2000")),
    )  # fmt: skip
    suppliers = pl.DataFrame({
        "supplier_id": [f"id of {SUPPLIER}"], "supplier_name": [SUPPLIER], "currency": ["GBP"], "is_archived": [False],
    })  # fmt: skip
    for table, frame in ((tables.PRODUCTS, products), (tables.SUPPLIERS, suppliers)):
        whole = frame.with_columns(
            pl.lit(None).cast(dtype).alias(name) for name, dtype in table.schema.items() if name not in frame.columns
        )
        whole.select(pl.col(name).cast(dtype) for name, dtype in table.schema.items()).write_parquet(
            snapshot / f"{table.name}.parquet"
        )


@pytest.fixture(scope="session")
def made_orders_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home that is copied."""
    return made_once(tmp_path_factory, "orders_home", _make)


@pytest.fixture
def orders_home(made_orders_home: Path, tmp_path: Path) -> Path:
    """A home that a test may change."""
    return Path(shutil.copytree(made_orders_home, tmp_path / "home", symlinks=True))


@pytest.fixture
def anna(orders_home: Path) -> Iterator[Visitor]:
    """Somebody signed in, who may do everything."""
    for visitor in visitor_of(settings_of(orders_home)):
        yield visitor.sign_in()


@pytest.fixture
def stranger_there(orders_home: Path) -> Iterator[Visitor]:
    """Somebody who is not signed in."""
    yield from visitor_of(settings_of(orders_home))
