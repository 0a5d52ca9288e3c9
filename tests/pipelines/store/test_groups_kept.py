"""Changes of groups are kept with who and when, in SQLite and Postgres, and nobody overwrites somebody else's."""

from datetime import UTC, datetime

import pytest

from pipelines.identities import Identities
from pipelines.product_groups.groups import GroupChange, groups_of, next_number
from pipelines.store.engine import Store
from pipelines.store.identity_history import identities_of, remember_identities
from pipelines.store.setting_ledger.group_ledger import GroupConflictError, change_groups, group_history

AT = datetime(2026, 6, 1, 8, 30, tzinfo=UTC)
KEY = "acme"


def a_change(what: str, value: str | None, *, subject: str = "", by: str = "Ann", group: str = "G1") -> GroupChange:
    return GroupChange(group, what, subject, value, by, AT, "why")


def test_a_group_hangs_on_xeros_item_id_whatever_the_code_becomes(store: Store) -> None:
    remember_identities(store, KEY, items={"id-1": "OLD"}, contacts=None, at=AT)
    stored = change_groups(
        store, KEY, [a_change("name", "Tea, green 🧀"), a_change("member", "in", subject="OLD")], seen=0
    )  # fmt: skip
    assert [(row.batch, row.product_id) for row in stored] == [(1, None), (1, "id-1")]
    assert group_history(store, KEY) == stored
    remember_identities(store, KEY, items={"id-1": "NEW"}, contacts=None, at=AT)
    group = groups_of(group_history(store, KEY), identities_of(store, KEY))["G1"]
    assert (group.title, list(group.members)) == ("category: Tea, green 🧀", ["NEW"])
    assert group_history(store, "other") == []


def test_a_change_decided_on_an_older_state_is_refused_and_ids_are_not_used_twice(store: Store) -> None:
    change_groups(store, KEY, [a_change("name", "Tea")], seen=0)
    change_groups(store, KEY, [a_change("name", None, by="Eve")], seen=1)
    with pytest.raises(GroupConflictError, match="Eve has just changed a group"):
        change_groups(store, KEY, [a_change("order", "1")], seen=1)
    history = group_history(store, KEY)
    assert groups_of(history, Identities()) == {}
    assert next_number(history) == 2
