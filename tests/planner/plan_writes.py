"""A home whose plan has drafts, and somebody who writes in it; each test has its own.

What belongs here: what the tests of the plan's writes share. What does not: tests.
"""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.made_up_plans import TODAY
from pipelines.purchasing.drafts import Terms
from pipelines.purchasing.orders import Order, OrderState
from pipelines.settings import Settings, read_settings
from pipelines.storage import tables
from pipelines.storage.snapshots import read_published
from pipelines.store.engine import open_store
from pipelines.store.order_ledger import OrderLedger
from tests.planner.conftest import KEY, Visitor, visitor_of

PLAN = f"/o/{KEY}/plan"


def own_home(shared: Path, folder: Path) -> Settings:
    """A copy of the shared home, with the drafts of its plan."""
    home = folder / "home"
    shutil.copytree(shared, home, symlinks=True)
    settings = read_settings({"STOCKTRIM_HOME": str(home)})
    plan = read_published(settings.organisation_folder(KEY), tables.ORDER_PLAN)[0]
    dated = plan.with_columns(order_on_date=pl.lit(TODAY), expected_arrival_date=pl.lit(TODAY + timedelta(days=14)))
    with closing(open_store(settings.database_url)) as store:
        OrderLedger(store, KEY).redraft(
            dated, plan_id="20261201-made-up", as_of=TODAY, at=datetime.now(UTC), data_loaded_at=None,
            terms=Terms({}, {}),
        )  # fmt: skip
    return settings


@contextmanager
def signed_in(settings: Settings) -> Iterator[Visitor]:
    """Somebody who is signed in to a home."""
    for visitor in visitor_of(settings):
        yield visitor.sign_in()


def orders_of(visitor: Visitor) -> list[Order]:
    """The orders in the ledger that have not ended."""
    return [
        order
        for order in OrderLedger(visitor.desk.store, KEY).orders()
        if order.state not in {OrderState.REJECTED, OrderState.SUPERSEDED}
    ]


def held(visitor: Visitor, code: str) -> list[tuple[Order, Any]]:
    """The drafts with a product, each with its line."""
    return [(order, line) for order in orders_of(visitor) for line in order.lines if line.product_code == code]


def save(visitor: Visitor, *edits: tuple[str, str, str], address: str = "") -> tuple[int, Any]:
    """The status and the answer of saving quantities: product, what is typed, what was seen."""
    fields = [
        (name, value)
        for edit in edits
        for name, value in zip(("product", "quantity", "seen"), edit, strict=True)
    ]  # fmt: skip
    answer = visitor.client.post(f"{PLAN}/quantities{address}", data=_form(fields), headers=visitor.word)
    return answer.status_code, answer.json()


def _form(fields: list[tuple[str, str]]) -> dict[str, list[str]]:
    form: dict[str, list[str]] = {}
    for name, value in fields:
        form.setdefault(name, []).append(value)
    return form


def create(visitor: Visitor, *codes: str, **fields: str) -> tuple[int, str]:
    """The status and the answer of creating orders of ticked products."""
    answer = visitor.client.post(f"{PLAN}/orders", data={"product": list(codes), **fields}, headers=visitor.word)
    return answer.status_code, answer.text
