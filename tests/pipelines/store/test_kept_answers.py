"""Keys of writes in the store: one of many takes a key, and what it was answered is known to all for a day."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from pipelines.store.desk_access.kept_answers import KEPT_FOR, Claim, claim, keep_answer, release
from pipelines.store.engine import Store

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
FIRST = Claim("anna", "key-1", "digest")


def test_an_answer_is_kept_for_a_day(store: Store) -> None:
    assert claim(store, FIRST, at=AT) is None
    begun = claim(store, FIRST, at=AT)
    assert begun is not None
    assert (begun.status, begun.begun_at) == (None, AT)
    keep_answer(store, FIRST, 201, [("etag", '"7"')], b"\x00made")
    known = claim(store, FIRST, at=AT + KEPT_FOR)
    assert known is not None
    assert (known.status, known.headers, known.body) == (201, [("etag", '"7"')], b"\x00made")
    assert claim(store, FIRST, at=AT + KEPT_FOR + timedelta(seconds=1)) is None


def test_a_key_belongs_to_its_person_and_can_be_given_back(store: Store) -> None:
    assert claim(store, FIRST, at=AT) is None
    assert claim(store, Claim("ben", "key-1", "other"), at=AT) is None
    release(store, FIRST)
    assert claim(store, FIRST, at=AT) is None


def test_of_many_processes_one_takes_a_key(opened: Callable[..., Store]) -> None:
    stores = [opened() for _ in range(6)]
    with ThreadPoolExecutor(len(stores)) as pool:
        for number in range(5):
            wanted = Claim("anna", f"key-{number}", "digest")
            taken = list(pool.map(lambda store, wanted=wanted: claim(store, wanted, at=AT), stores))
            assert taken.count(None) == 1
