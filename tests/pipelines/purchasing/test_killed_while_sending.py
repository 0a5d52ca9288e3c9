"""A process that is killed while it sends an order: the next one finds out what became of it."""

import multiprocessing
import os
import signal

import pytest

from pipelines.purchasing.orders import OrderState
from pipelines.store.engine import open_store
from pipelines.store.order_ledger import OrderLedger
from tests.pipelines.purchasing.crashes import Between, WatchedGateway, WatchedLedger
from tests.pipelines.purchasing.purchasing_builders import a_client, approved, push

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["pipelines.store.order_ledger", "pipelines.xero.client"])
STEPS = ("before the first event", "after the first event", "before the call", "after the call",
         "before the last event", "after the last event")  # fmt: skip


def send_until_killed(url, organisation, address, moment):
    """The push, killed by the operating system's hand at this moment."""
    ledger = OrderLedger(open_store(url), organisation)
    between = Between(moment, lambda: os.kill(os.getpid(), signal.SIGKILL))
    orders = ledger.orders(OrderState.APPROVED, OrderState.SENDING)
    push(WatchedLedger(ledger, between), WatchedGateway(a_client(address), between), orders)


@pytest.mark.parametrize("moment", range(1, 7), ids=lambda moment: STEPS[moment - 1])
def test_an_order_is_sent_once_although_its_sender_was_killed(ledger, store_url, organisation, xero, moment):
    approved(ledger)
    sender = PROCESSES.Process(target=send_until_killed, args=(store_url, organisation, xero.sandbox.url, moment))
    sender.start()
    sender.join()
    assert sender.exitcode == -signal.SIGKILL
    for _ in range(2):
        push(ledger, xero, ledger.orders(OrderState.APPROVED, OrderState.SENDING))
    assert [order.state for order in ledger.orders()] == [OrderState.SENT]
    assert (len(xero.orders), len(xero.puts())) == (1, 1)
