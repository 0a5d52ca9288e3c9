"""The real commands, killed at any moment of their run: nothing is lost, doubled or torn, and the next one goes on."""

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.purchasing.orders import OrderState
from pipelines.purchasing.transitions import approve
from pipelines.settings import read_settings
from pipelines.store.engine import open_store
from tests.end_to_end import recomputing
from tests.end_to_end.conftest import KEY, Planned
from tests.pipelines.purchasing.purchasing_builders import a_draft, a_line
from xero_sandbox.behaviour.edits import Write
from xero_sandbox.behaviour.faults import Fault

SOAK = int(os.environ.get("SOAK_KILLS", "200"))
ORDERS_AT_A_TIME = 3


@dataclass
class Commands:
    """Runs real commands in processes of their own, and kills them at random moments."""

    helper: "subprocess.Popen[str]"
    chance: random.Random
    kills: int = 0
    longest: float = 0.0

    def whole(self, *words: str) -> None:
        """A run that is left alone; what it takes is what kills are drawn from."""
        ended = self._ask(words, None)
        assert ended["exit"] in {0, None}, f"stocktrim {' '.join(words)} ended with {ended['exit']}"
        self.longest = ended["seconds"]

    def killed(self, *words: str) -> None:
        """A run that is killed at a moment of its length, unless it ended before."""
        ended = self._ask(words, self.chance.uniform(0, self.longest))
        assert ended["exit"] in {0, -signal.SIGKILL}, ended
        self.kills += ended["exit"] == -signal.SIGKILL

    def _ask(self, words: tuple[str, ...], seconds: float | None) -> Any:
        assert self.helper.stdin is not None
        assert self.helper.stdout is not None
        self.helper.stdin.write(json.dumps({"command": words, "seconds": seconds}) + "\n")
        self.helper.stdin.flush()
        return json.loads(self.helper.stdout.readline())


@contextmanager
def commands(seed: int) -> Iterator[Commands]:
    """The commands, in the home that the environment names."""
    words = [sys.executable, "-m", "tests.end_to_end.warm_commands"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as helper:  # noqa: S603, our own
        assert helper.stdout is not None
        assert helper.stdout.readline() == "ready\n"
        yield Commands(helper, random.Random(seed))  # noqa: S311, no secret
        assert helper.stdin is not None
        helper.stdin.close()


def slowed(planned: Planned) -> None:
    """Xero takes its time, so that kills meet calls that are under way."""
    planned.sandbox.fault(Fault(kind="latency", path="/api.xro/", seconds=0.03, times=0))


def kill_loads(planned: Planned, running: Commands, kills: int, measured: Callable[[str], None]) -> None:
    slowed(planned)
    sales, already = 0, running.kills
    sales = sell(planned, sales)
    running.whole("load")
    while running.kills - already < kills:
        for _ in range(min(running.chance.randint(1, 3), kills - running.kills + already)):
            sales = sell(planned, sales)
            running.killed("load")
            assert planned.stocktrim.published("stock_position").height > 0
        sales = sell(planned, sales)
        running.whole("load")
        assert_the_books_are_whole(planned, sales)
    measured(f"{running.kills - already} `load` killed: nothing lost, doubled or torn; the next one went on each time.")


def sell(planned: Planned, sales: int) -> int:
    """One more sale of one unit in Xero, numbered on; how many there are."""
    world = planned.world
    item = next(item for item in world.items.values() if item.is_tracked and item.quantity_on_hand >= 1)
    customer = next(one for one in world.contacts.values() if one.is_customer and one.status == "ACTIVE")
    body = {
        "Type": "ACCREC", "Contact": {"ContactID": customer.contact_id}, "InvoiceNumber": f"KILL-{sales:04}",
        "Status": "AUTHORISED", "DueDate": str(datetime.now(UTC).date()),
        "LineItems": [{"ItemCode": item.code, "Quantity": 1, "UnitAmount": "5.00"}],
    }  # fmt: skip
    (answer,) = planned.sandbox.edit(Write(path="Invoices", method="PUT", body=body))
    assert answer["status"] == 200, answer
    return sales + 1


def assert_the_books_are_whole(planned: Planned, sales: int) -> None:
    """What is published is what Xero holds: each new sale once, and the stock that they left."""
    transactions = planned.stocktrim.published("demand_transactions")
    numbers = transactions.filter(pl.col("invoice_number").str.starts_with("KILL-"))["invoice_number"]
    assert Counter(numbers) == {f"KILL-{number:04}": 1 for number in range(sales)}
    stock = planned.stocktrim.published("stock_position").select("product_code", "stock_on_hand")
    assert dict(stock.iter_rows()) == {code: float(q) for code, q in recomputing.stock_on_hand(planned.world).items()}


def kill_sendings(planned: Planned, running: Commands, kills: int, measured: Callable[[str], None]) -> None:
    slowed(planned)
    rounds, already = 0, running.kills
    with closing(open_store(read_settings().database_url)) as store:
        ledger = OpenOrganisation(KEY, read_settings(), store).ledger

        def approved(number: int) -> None:
            plan = planned.stocktrim.published("order_plan").filter(pl.col("supplier_id").is_not_null()).to_dicts()
            for place in range(ORDERS_AT_A_TIME):
                row = plan[(number + place) % len(plan)]
                draft = a_draft(
                    f"20260302-K{number:04}{place}", a_line(row["product_code"]), supplier_id=row["supplier_id"],
                    supplier_name=row["supplier_name"], at=datetime.now(UTC), data_loaded_at=datetime.now(UTC),
                )  # fmt: skip
                order = ledger.append(draft)
                ledger.append(approve(order, by="a buyer", at=datetime.now(UTC), is_stale_accepted=True))

        approved(rounds)
        running.whole("orders", "send")
        while running.kills - already < kills:
            rounds += 1
            approved(rounds)
            for _ in range(min(running.chance.randint(1, 3), kills - running.kills + already)):
                running.killed("orders", "send")
                in_xero = Counter(order.reference for order in planned.world.purchase_orders.values())
                assert all(
                    in_xero[order.reference] <= 1
                    for order in ledger.orders()
                    if order.order_id.startswith("20260302-K")
                )
            running.whole("orders", "send")
            ours = [order for order in ledger.orders() if order.order_id.startswith("20260302-K")]
            in_xero = Counter(order.number for order in planned.world.purchase_orders.values())
            assert {order.state for order in ours} == {OrderState.SENT}
            assert [in_xero[order.purchase_order_number] for order in ours] == [1] * len(ours)
    orders = (rounds + 1) * ORDERS_AT_A_TIME
    measured(f"{running.kills - already} `orders send` killed: each of {orders} orders in Xero once.")


def test_a_command_that_is_killed_is_taken_up_by_the_next(planned: Planned, measured: Callable[[str], None]) -> None:
    with commands(1) as running:
        kill_loads(planned, running, 1, measured)
        kill_sendings(planned, running, 2, measured)


@pytest.mark.soak
def test_two_hundred_killed_loads_are_taken_up(planned: Planned, measured: Callable[[str], None]) -> None:
    with commands(SOAK) as running:
        kill_loads(planned, running, SOAK, measured)


@pytest.mark.soak
def test_orders_are_sent_once_although_two_hundred_commands_were_killed(
    planned: Planned, measured: Callable[[str], None]
) -> None:
    with commands(SOAK) as running:
        kill_sendings(planned, running, SOAK, measured)
