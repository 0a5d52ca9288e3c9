"""The ledger keeps every event, takes one of two that decide at the same moment, and loses none to a kill."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest

from pipelines.purchasing.events import PushFailed, PushStarted
from pipelines.purchasing.order_changes.line_edits import change_line
from pipelines.purchasing.orders import OrderError, OrderState, fold
from pipelines.purchasing.transitions import approve, reject, start_push
from pipelines.store.engine import open_store
from pipelines.store.order_ledger import OrderLedger, ledger_order_lines
from tests.pipelines.purchasing.purchasing_builders import AS_OF, NO_TERMS, NOON, a_draft, a_line, approved, planned

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["pipelines.store.order_ledger"])


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def store_url(request, tmp_path_factory):
    """The ledger is kept in a store of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('store') / 'store.sqlite'}"
    return f"postgresql+psycopg://stocktrim@{request.getfixturevalue('postgres_server')}/postgres"


def decide(url, organisation, order_id, name, barrier, answers):
    """One of several people, each in a process of their own, approves the order that all of them see."""
    ledger = OrderLedger(open_store(url), organisation)
    order = ledger.order(order_id)
    barrier.wait()
    try:
        ledger.append(approve(order, by=name, at=NOON))
    except OrderError as refused:
        answers.put((name, str(refused)))
    else:
        answers.put((name, "approved"))


def start_sending(url, organisation, barrier, answers):
    """One of several daemons wants to send what is approved."""
    ledger = OrderLedger(open_store(url), organisation)
    orders = ledger.orders(OrderState.APPROVED)
    barrier.wait()
    won = []
    for order in orders:
        try:
            won.append(ledger.append(start_push(order, by="stocktrim", at=NOON)).order_id)
        except OrderError:
            continue
    answers.put(won)


def change_until_killed(url, organisation, order_id, answers):
    """Change an order again and again, and tell each change once it is written."""
    ledger = OrderLedger(open_store(url), organisation)
    for quantity in range(1, 10**6):
        change = change_line(
            ledger.order(order_id), product_code="TEA-01", quantity=Decimal(quantity), by="a buyer", at=NOON
        )
        ledger.append(change)
        answers.send(quantity)


def at_once(work, *shared, count=4):
    """Run work in several processes that start at the same moment; return the answer of each."""
    barrier, answers = PROCESSES.Barrier(count), PROCESSES.Queue()
    workers = [PROCESSES.Process(target=work, args=(*shared, *([f"buyer {n}"] if work is decide else []), barrier,
                                                    answers)) for n in range(count)]  # fmt: skip
    for worker in workers:
        worker.start()
    answered = [answers.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join()
    return answered


def test_what_was_written_is_read_again(ledger):
    first, second = a_draft("20260302-AAAAAA"), a_draft("20260302-BBBBBB", a_line("TEA-02", "1.5", "0.333"))
    ledger.append(second)
    ledger.append(first)
    assert ledger.orders() == [fold([first]), fold([second])]
    assert ledger.history("RP-20260302-BBBBBB") == [second]
    assert ledger.order("20260302-AAAAAA") == fold([first])


def test_orders_are_listed_by_state(ledger):
    approved(ledger, a_draft("20260302-AAAAAA"))
    ledger.append(a_draft("20260302-BBBBBB"))
    assert [order.order_id for order in ledger.orders(OrderState.APPROVED, OrderState.SENDING)] == ["20260302-AAAAAA"]


def test_an_unknown_order_is_one_sentence(ledger):
    with pytest.raises(OrderError, match="There is no order '20260302-ZZZZZZ'"):
        ledger.order("20260302-ZZZZZZ")


def test_organisations_do_not_see_each_others_orders(store, ledger):
    ledger.append(a_draft())
    assert OrderLedger(store, "another").orders() == []


def test_the_second_of_two_decisions_on_what_both_saw_is_refused(ledger):
    order = ledger.append(a_draft())
    ledger.append(approve(order, by="anna", at=NOON))
    with pytest.raises(OrderError, match="Somebody else has just decided"):
        ledger.append(reject(order, by="ben", at=NOON))
    assert ledger.order(order.order_id).approved_by == "anna"


def test_of_four_simultaneous_approvers_only_the_first_approves(store_url, organisation, ledger):
    order = ledger.append(a_draft())
    answered = at_once(decide, store_url, organisation, order.order_id)
    assert sorted(answer == "approved" for _, answer in answered) == [False, False, False, True]
    assert all("Somebody else" in answer for _, answer in answered if answer != "approved")
    assert ledger.order(order.order_id).approved_by == {answer: name for name, answer in answered}["approved"]


def test_of_four_daemons_at_once_one_sends_each_order(store_url, organisation, ledger):
    orders = approved(ledger, *(a_draft(f"20260302-{n:06d}") for n in range(8)))
    won = at_once(start_sending, store_url, organisation)
    assert sorted(order_id for one in won for order_id in one) == [order.order_id for order in orders]
    assert all(sum(isinstance(event, PushStarted) for event in ledger.history(order.order_id)) == 1 for order in orders)


def test_a_killed_writer_loses_nothing_that_was_written(store_url, organisation, ledger):
    ledger.append(a_draft())
    reader, writer = PROCESSES.Pipe(duplex=False)
    worker = PROCESSES.Process(target=change_until_killed, args=(store_url, organisation, "20260302-AAAAAA", writer))
    worker.start()
    writer.close()
    for _ in range(20):
        acknowledged = reader.recv()
    worker.kill()
    worker.join()
    while reader.poll():
        try:
            acknowledged = reader.recv()
        except EOFError:
            break
    (line,) = ledger.order("20260302-AAAAAA").lines
    assert line.quantity in {acknowledged, acknowledged + 1}  # killed after the disk had it, before it was answered


def test_a_new_plan_and_a_person_who_decide_at_once_do_not_undo_each_other(store, ledger):
    """Whoever comes first: the changed draft stays, and none of its products is drafted a second time."""
    plan = planned({"product_code": "TEA-01"}, {"product_code": "TEA-02", "supplier_id": "s-2"})
    for round_number in range(10):
        key = f"race {round_number} of {ledger._key}"
        mine, theirs = OrderLedger(store, key), OrderLedger(store, key)
        order = mine.append(a_draft())
        change = change_line(order, product_code="TEA-01", quantity=Decimal(99), by="a buyer", at=NOON)
        with ThreadPoolExecutor(2) as pool:
            planning = pool.submit(
                mine.redraft, plan, plan_id="newer", as_of=AS_OF, at=NOON, data_loaded_at=NOON, terms=NO_TERMS
            )
            deciding = pool.submit(theirs.append, change)
        planning.result()
        drafted = [line.product_code for one in mine.orders(OrderState.DRAFT) for line in one.lines]
        assert sorted(drafted) == ["TEA-01", "TEA-02"]
        assert (deciding.exception() is None) == mine.order(order.order_id).is_edited


def test_drafting_the_same_plan_again_changes_no_line(ledger):
    plan = planned({"product_code": "TEA-01"}, {"product_code": "TEA-02"})
    for _ in range(2):
        ledger.redraft(plan, plan_id="p", as_of=AS_OF, at=NOON, data_loaded_at=NOON, terms=NO_TERMS)
    (draft,) = ledger.orders(OrderState.DRAFT)
    assert [line.product_code for line in draft.lines] == ["TEA-01", "TEA-02"]


def test_what_is_approved_and_not_ended_is_supply_until_xero_lists_it(ledger):
    (order,) = approved(ledger)
    sending = ledger.append(start_push(order, by="stocktrim", at=NOON))
    failed = PushFailed(order_id=order.order_id, sequence=4, at=NOON, by="stocktrim", reason="no")
    counted = [ledger_order_lines([one]).height for one in (order, sending, ledger.append(failed))]
    draft = fold([a_draft()])
    ended = [ledger_order_lines([replace(draft, state=state)]).height
             for state in (OrderState.DRAFT, OrderState.REJECTED, OrderState.SUPERSEDED)]  # fmt: skip
    assert (counted, ended) == ([1, 1, 1], [0, 0, 0])
