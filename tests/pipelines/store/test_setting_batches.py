"""Changes that are made together are one batch; a batch is undone whole, or not at all."""

import itertools
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import UsageError
from pipelines.identities import Identities
from pipelines.store.engine import Store, open_store
from pipelines.store.identity_history import identities_of, remember_identities
from pipelines.store.setting_ledger.setting_batches import undo_changes, with_old_values
from pipelines.store.setting_ledger.setting_changes import (
    SettingChange,
    SettingConflictError,
    explicit_settings,
    last_batch,
    set_settings,
    setting_history,
    settings_without_subject,
)
from tests.running import cpu_seconds

AT = datetime(2026, 6, 1, 8, 30, tzinfo=UTC)
KEY = "acme"


def a_change(value: str | None, **changed: Any) -> SettingChange:
    words = {
        "level": "product", "subject": "TEA", "name": "batch_size", "changed_by": "Ann", "changed_at": AT, "reason": "",
    }  # fmt: skip
    return SettingChange(**{**words, "value": value, **changed})


def known_items(store: Store, **items: str) -> Identities:
    return remember_identities(store, KEY, items=items, contacts=None, at=AT - timedelta(days=1))


def undo(store: Store, batch: int | None = None, *, by: str = "Bob") -> int:
    changes = undo_changes(setting_history(store, KEY), identities_of(store, KEY), batch=batch, by=by, at=AT)
    return set_settings(store, KEY, changes)


def values(store: Store) -> dict[tuple[str, str], str]:
    rows = explicit_settings(store, KEY).select("subject", "name", "value").rows()
    return {(subject, name): value for subject, name, value in rows}


def test_changes_that_are_made_together_have_one_number(store: Store) -> None:
    first = set_settings(store, KEY, [a_change("6"), a_change("3", subject="CUP")])
    second = set_settings(store, KEY, [a_change("12")])
    assert (first, second) == (1, 2)
    assert [change.batch for change in setting_history(store, KEY)] == [1, 1, 2]
    assert set_settings(store, "other", [a_change("6")]) == 1


def test_no_change_is_no_batch(store: Store) -> None:
    set_settings(store, KEY, [a_change("6")])
    assert set_settings(store, KEY, []) == 1


def test_every_change_says_what_it_replaced(store: Store) -> None:
    for value in ("6", "12", None, "6"):
        set_settings(store, KEY, [a_change(value)])
    rows = with_old_values(setting_history(store, KEY), identities_of(store, KEY))
    assert [(row.old, row.change.value) for row in rows] == [(None, "6"), ("6", "12"), ("12", None), (None, "6")]


def test_a_value_is_replaced_under_whatever_code_the_product_has(store: Store) -> None:
    known_items(store, id1="TEA")
    set_settings(store, KEY, [a_change("6")])
    known_items(store, id1="LEAF")
    set_settings(store, KEY, [a_change("12", subject="LEAF")])
    rows = with_old_values(setting_history(store, KEY), identities_of(store, KEY))
    assert [(row.change.subject, row.old, row.change.value) for row in rows] == [
        ("TEA", None, "6"),
        ("LEAF", "6", "12"),
    ]


def test_the_last_batch_is_undone_whole_and_the_undo_can_be_undone(store: Store) -> None:
    set_settings(store, KEY, [a_change("6")])
    set_settings(store, KEY, [a_change("12"), a_change("3", subject="CUP")])
    undo(store)
    assert values(store) == {("TEA", "batch_size"): "6"}
    assert {change.reason for change in setting_history(store, KEY)[-2:]} == {"undo of change 2 by Ann"}
    assert {change.changed_by for change in setting_history(store, KEY)[-2:]} == {"Bob"}
    undo(store)
    assert values(store) == {("TEA", "batch_size"): "12", ("CUP", "batch_size"): "3"}


def test_an_older_batch_is_undone_while_nobody_changed_its_settings_since(store: Store) -> None:
    set_settings(store, KEY, [a_change("6")])
    set_settings(store, KEY, [a_change("3", subject="CUP")])
    undo(store, 1)
    assert values(store) == {("CUP", "batch_size"): "3"}


def test_what_somebody_changed_since_is_not_undone_and_is_named(store: Store) -> None:
    set_settings(store, KEY, [a_change("6"), a_change("3", subject="CUP")])
    set_settings(store, KEY, [a_change("4", subject="CUP", changed_by="Eve")])
    with pytest.raises(SettingConflictError) as refused:
        undo(store, 1)
    assert str(refused.value) == (
        "Change 1 cannot be undone: Eve set it to 4 since (batch_size of product CUP, change 2). Undo that change "
        "first, or set the value that you want."
    )
    assert values(store) == {("TEA", "batch_size"): "6", ("CUP", "batch_size"): "4"}


def test_what_was_never_changed_cannot_be_undone(store: Store) -> None:
    with pytest.raises(UsageError, match="nothing to undo"):
        undo(store)
    set_settings(store, KEY, [a_change("6")])
    with pytest.raises(UsageError, match=r"There is no change 7: `stocktrim settings history` lists"):
        undo(store, 7)


def test_an_undo_follows_the_product_and_the_products_in_its_value(store: Store) -> None:
    known_items(store, id1="SET", id2="CUP")
    set_settings(store, KEY, [a_change("CUP:2", subject="SET", name="bundle_of")])
    set_settings(store, KEY, [a_change("CUP:3", subject="SET", name="bundle_of")])
    remember_identities(store, KEY, items={"id1": "BOX", "id2": "MUG"}, contacts=None, at=AT + timedelta(days=1))
    changes = undo_changes(
        setting_history(store, KEY), identities_of(store, KEY), batch=None, by="Bob", at=AT + timedelta(days=2)
    )
    assert [(change.subject, change.value, change.product_id) for change in changes] == [("BOX", "MUG:2", "id1")]
    set_settings(store, KEY, changes)
    assert values(store) == {("BOX", "bundle_of"): "MUG:2"}


def test_a_setting_hangs_on_the_item_even_if_clocks_go_back(store: Store) -> None:
    """The load that saw the new owner of a code is dated after the change that was made for it."""
    known_items(store, id1="TEA")
    ahead = AT + timedelta(days=30)
    remember_identities(store, KEY, items={"id1": "OLD-TEA", "id2": "TEA"}, contacts=None, at=ahead)
    set_settings(store, KEY, [a_change("6")])
    assert [change.product_id for change in setting_history(store, KEY)] == ["id2"]
    assert values(store) == {("TEA", "batch_size"): "6"}


def test_settings_of_a_product_that_is_gone_can_be_removed_though_its_code_has_a_new_owner(store: Store) -> None:
    known_items(store, id1="TEA", id2="CUP")
    set_settings(store, KEY, [a_change("6")])
    remember_identities(store, KEY, items={"id2": "TEA"}, contacts=None, at=AT + timedelta(days=1))
    assert settings_without_subject(store, KEY)["value"].to_list() == ["6"]
    set_settings(store, KEY, [a_change(None, product_id="id1", changed_at=AT + timedelta(days=2))])
    assert settings_without_subject(store, KEY).is_empty()


def test_a_change_decided_on_old_values_is_refused_if_somebody_changed_the_same_setting(store: Store) -> None:
    set_settings(store, KEY, [a_change("6")])
    seen = last_batch(setting_history(store, KEY))
    set_settings(store, KEY, [a_change("3", subject="CUP", changed_by="Eve")])
    assert set_settings(store, KEY, [a_change("12")], seen=seen) == 3
    with pytest.raises(SettingConflictError, match="Eve has just changed batch_size of product CUP: nothing"):
        set_settings(store, KEY, [a_change("5", subject="TIN"), a_change("4", subject="CUP")], seen=seen)
    assert values(store) == {("TEA", "batch_size"): "12", ("CUP", "batch_size"): "3"}


def test_processes_that_change_settings_at_once_get_batches_of_their_own(opened: Callable[..., Store]) -> None:
    stores = [opened() for _ in range(4)]
    threads = [
        threading.Thread(target=set_settings, args=[store, KEY, [a_change(str(number)) for number in (1, 2)]])
        for store in stores
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [change.batch for change in setting_history(stores[0], KEY)] == [1, 1, 2, 2, 3, 3, 4, 4]


KEYS = itertools.count(1)
BATCH = st.dictionaries(st.sampled_from(["TEA", "CUP", "TIN"]), st.sampled_from(["1", "2", None]), min_size=1)
STEPS = st.lists(st.one_of(BATCH, st.just("undo")), min_size=1, max_size=12)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('store') / 'stocktrim.sqlite'}")
    yield store
    store.close()


@given(steps=STEPS)
@settings(max_examples=12)
def test_an_undo_brings_back_the_values_of_before_whatever_was_changed(kept: Store, steps: list[Any]) -> None:
    check_undoing(kept, steps)


@pytest.mark.soak
@given(steps=STEPS)
@settings(max_examples=1000)
def test_undoing_through_a_thousand_histories(kept: Store, steps: list[Any]) -> None:
    check_undoing(kept, steps)


def check_undoing(kept: Store, steps: list[Any]) -> None:
    """Each step is a batch of changes, or an undo of the last batch, which may be an undo itself."""
    key, values_then, before = f"company-{next(KEYS)}", dict[str, str | None](), dict[str, str | None]()
    for step in steps:
        history = setting_history(kept, key)
        if step == "undo" and history:
            known = identities_of(kept, key)
            set_settings(kept, key, undo_changes(history, known, batch=None, by="Bob", at=AT))
            values_then, before = before, values_then
        elif step != "undo":
            set_settings(kept, key, [a_change(value, subject=subject) for subject, value in step.items()])
            before, values_then = values_then, values_then | step
        found = dict(explicit_settings(kept, key).select("subject", "value").rows())
        assert found == {subject: value for subject, value in values_then.items() if value is not None}


def test_many_changes_take_time_in_proportion_to_their_number(store: Store) -> None:
    def set_and_read(count: int) -> None:
        key = f"company-{next(KEYS)}"
        set_settings(store, key, [a_change("6", subject=f"P-{number}") for number in range(count)])
        assert explicit_settings(store, key).height == count

    assert cpu_seconds(lambda: set_and_read(5_000)) < 10 * 3 * cpu_seconds(lambda: set_and_read(500))
