"""On Postgres a few connections are kept: for the next call, for a while, and by the process that made them only."""

import gc
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest
import sqlalchemy as sa

from pipelines.store.connections import KEPT_CONNECTIONS, create_engine
from pipelines.store.engine import Store, StoreLostError, open_store

PROCESS = sa.text("select pg_backend_pid()")
LOCK = sa.text("select pg_try_advisory_xact_lock(4711)")


@pytest.fixture
def store_url(postgres_server: str) -> str:
    with psycopg.connect(f"postgresql://stocktrim@{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute("drop database if exists connections with (force)")
        connection.execute("create database connections")
    return f"postgresql+psycopg://stocktrim@{postgres_server}/connections"


@pytest.fixture
def ask(postgres_server: str) -> Iterator[Callable[[str], int]]:
    """Ask the server something about the store's connections."""
    with psycopg.connect(f"postgresql://stocktrim@{postgres_server}/postgres", autocommit=True) as connection:

        def ask_it(what: str) -> int:
            row = connection.execute(f"select {what} from pg_stat_activity where datname = 'connections'").fetchone()
            assert row is not None
            return int(row[0])

        yield ask_it


def process(store: Store) -> int:
    with store.reading() as connection:
        return int(connection.execute(PROCESS).scalar_one())


def test_one_connection_serves_one_call_after_the_other(store: Store, ask: Callable[[str], int]) -> None:
    assert len({process(store) for _ in range(20)}) == 1
    assert ask("count(*)") == 1


def test_more_calls_at_a_time_than_are_kept_do_not_wait_and_leave_no_more_than_are_kept(
    store: Store, ask: Callable[[str], int]
) -> None:
    with ExitStack() as calls:
        for _ in range(KEPT_CONNECTIONS + 3):
            calls.enter_context(store.reading()).execute(PROCESS)
        assert ask("count(*)") == KEPT_CONNECTIONS + 3
    assert _until(lambda: ask("count(*)") == KEPT_CONNECTIONS)


def test_connections_that_nobody_uses_are_closed_and_the_next_call_makes_one(
    store_url: str, ask: Callable[[str], int]
) -> None:
    engine = create_engine(sa.make_url(store_url), busy_seconds=1, kept_seconds=0.02)
    store, threads = Store(engine), threading.active_count()
    for _ in range(2):
        process(store)
        assert _until(lambda: ask("count(*)") == 0)
        assert _until(lambda: threading.active_count() == threads)
    store.close()


def test_a_call_in_the_middle_of_its_work_is_not_ended_for_others_that_are_idle(store_url: str) -> None:
    store = Store(create_engine(sa.make_url(store_url), busy_seconds=1, kept_seconds=0.01))
    with store.reading() as connection:
        mine = int(connection.execute(PROCESS).scalar_one())
        assert process(store) != mine
        time.sleep(0.05)
        assert connection.execute(PROCESS).scalar_one() == mine
    store.close()


def test_a_server_that_was_restarted_is_not_noticed_by_the_next_call(store: Store, ask: Callable[[str], int]) -> None:
    before = process(store)
    ask("count(pg_terminate_backend(pid, 2000))")
    assert process(store) != before
    with store.writing() as connection:
        connection.execute(LOCK)


def test_a_connection_that_is_ended_while_it_is_used_is_said_in_a_sentence(
    store: Store, ask: Callable[[str], int]
) -> None:
    def lose_it() -> None:
        with store.writing() as connection:
            ask("count(pg_terminate_backend(pid, 2000))")
            connection.execute(PROCESS)

    with pytest.raises(StoreLostError, match=r"does not answer, or ended the connection .* then try again") as lost:
        lose_it()
    assert lost.value.is_passing
    assert process(store)


def test_a_server_that_is_gone_is_said_in_a_sentence() -> None:
    store = Store(create_engine(sa.make_url("postgresql+psycopg://nobody@127.0.0.1:1/none"), busy_seconds=1))
    for call in (store.reading, store.writing):
        with pytest.raises(StoreLostError, match="does not answer"), call():
            pass


def test_a_lock_of_a_call_that_failed_is_free_for_another_process(store: Store, opened: Callable[..., Store]) -> None:
    def fail() -> int:
        with store.writing() as connection:
            return 1 // (1 - int(connection.execute(LOCK).scalar_one()))

    other = opened()
    with pytest.raises(ZeroDivisionError):
        fail()
    with other.writing() as connection:
        assert connection.execute(LOCK).scalar() is True
    with store.writing() as connection:
        assert connection.exec_driver_sql("show lock_timeout").scalar_one() == "30s"
    with store.reading() as connection:
        assert connection.exec_driver_sql("show lock_timeout").scalar_one() == "0"


def test_a_fork_neither_uses_nor_closes_the_connections_of_its_parent(store: Store) -> None:
    mine = process(store)
    fork = multiprocessing.get_context("fork")
    answers = fork.Queue()
    child = fork.Process(target=_read_twice, args=(store, answers))
    child.start()
    theirs = [answers.get(timeout=20) for _ in range(2)]
    child.join()
    assert (child.exitcode, theirs[0] == theirs[1], theirs[0] == mine) == (0, True, False)
    assert process(store) == mine


def _read_twice(store: Store, answers: "multiprocessing.Queue[int]") -> None:
    for _ in range(2):
        answers.put(process(store))
    store.close()


def test_what_is_closed_leaves_no_connection_and_no_thread(store_url: str, ask: Callable[[str], int]) -> None:
    threads = threading.active_count()
    store = open_store(store_url)
    process(store)
    store.close()
    assert _until(lambda: ask("count(*)") == 0)
    assert _until(lambda: threading.active_count() == threads)


def test_a_store_that_nobody_closed_leaves_no_connection_once_nobody_holds_it(
    store_url: str, ask: Callable[[str], int]
) -> None:
    process(open_store(store_url))
    gc.collect()
    assert _until(lambda: ask("count(*)") == 0)


def _until(is_so: Callable[[], bool], *, seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not is_so() and time.monotonic() < end:
        time.sleep(0.01)
    return is_so()
