"""Tokens that grow old, get lost, are renewed by many at once, or end: one line of the fault catalogue each."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from pipelines.credentials import TokenSet
from pipelines.errors import SignInError
from pipelines.organisations.connecting import connect, disconnect
from pipelines.organisations.open_organisation import OpenOrganisation, open_organisation, secrets_of
from pipelines.settings import Settings
from pipelines.store.connected_organisations import list_organisations
from pipelines.store.engine import Store, StoreBusyError, open_store
from pipelines.store.secrets import SecretKeyError
from pipelines.store.sign_ins import delete_unused_sign_ins, locked_tokens
from pipelines.xero.client import XeroClient
from pipelines.xero.oauth.tokens import REFRESH_ATTEMPTS
from pipelines.xero.organisation_record import read_organisation
from pipelines.xero.xero_errors import MissingScopeError, XeroUnreachableError
from stocktrim_assets.partitions import organisations, workable
from stocktrim_assets.schedules import daily_load_and_plan
from stocktrim_assets.sensors import approved_orders
from tests.pipelines.organisations.conftest import CITY, HARBOUR, Person, signed_in
from xero_sandbox.app.testing import RunningSandbox
from xero_sandbox.behaviour.faults import Fault

PROCESSES, ROUNDS = 4, 5
HALF_AN_HOUR, DAY = 30 * 60, 86_400


@pytest.fixture
def harbour(either: Settings) -> Iterator[OpenOrganisation]:
    """An organisation that a person connected in the browser, with a store of either kind."""
    yield from _connected(either)


@pytest.fixture
def harbour_here(settings: Settings) -> Iterator[OpenOrganisation]:
    """The same with a store in SQLite."""
    yield from _connected(settings)


def _connected(settings: Settings) -> Iterator[OpenOrganisation]:
    allowed = signed_in(settings, Person(HARBOUR))
    connect(settings, allowed, allowed.organisations, key="harbour")
    opened = open_organisation(settings, "harbour")
    yield opened
    opened.store.close()


def name_read(opened: OpenOrganisation) -> str:
    return read_organisation(opened.client().organisation()).name or ""


def tokens_of(opened: OpenOrganisation) -> TokenSet:
    with locked_tokens(opened.store, opened.record.sign_in_id, secrets_of(opened.settings)) as slot:
        held = slot.read()
    assert held is not None
    return held


def let_expire(sandbox: RunningSandbox, opened: OpenOrganisation, *, is_noticed: bool) -> None:
    """End the access token at Xero; `is_noticed`: by our own clock too."""
    sandbox.sandbox.identity.expire_access_tokens()
    if is_noticed:
        with locked_tokens(opened.store, opened.record.sign_in_id, secrets_of(opened.settings)) as slot:
            slot.write(replace(tokens_in(slot.read()), expires_at=datetime.now(UTC)))


def tokens_in(held: TokenSet | None) -> TokenSet:
    assert held is not None
    return held


def renewals(sandbox: RunningSandbox) -> list[int]:
    """The statuses of what was asked of the identity service since the sign-in."""
    return [entry["status"] for entry in sandbox.stats()["requests"] if entry["path"] == "/connect/token"][1:]


def lose_answers(sandbox: RunningSandbox, number: int) -> None:
    sandbox.sandbox.faults.plan([Fault(kind="drop_after", path="^/connect/token", times=number)])


def processes(stack: ExitStack, opened: OpenOrganisation, number: int) -> "list[subprocess.Popen[str]]":
    """Processes that wait for the command to read the organisation."""
    environment = {
        **os.environ,
        "STOCKTRIM_HOME": str(opened.settings.home),
        "STOCKTRIM_DATABASE_URL": opened.settings.database_url,
    }
    command = [sys.executable, "-m", "tests.pipelines.organisations.renewing", opened.key]
    started = [
        stack.enter_context(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)  # noqa: S603, our own
        )
        for _ in range(number)
    ]
    for process in started:
        stack.callback(process.kill)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    return started


def tell(process: "subprocess.Popen[str]", word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{word}\n")
    process.stdin.flush()


def hear(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def renew_and_die(opened: OpenOrganisation) -> None:
    """A process that is killed between Xero's answer and saving it."""
    with ExitStack() as stack:
        (process,) = processes(stack, opened, 1)
        tell(process, "die")
        assert process.wait() == -9


def test_processes_that_renew_at_once_renew_once(harbour: OpenOrganisation, sandbox: RunningSandbox) -> None:
    with ExitStack() as stack:
        started = processes(stack, harbour, PROCESSES)
        for number in range(ROUNDS):
            let_expire(sandbox, harbour, is_noticed=number % 2 == 0)
            for process in started:
                tell(process, "go")
            assert [hear(process) for process in started] == ["ok"] * PROCESSES
    assert renewals(sandbox) == [200] * ROUNDS


def test_threads_that_renew_at_once_renew_once(harbour: OpenOrganisation, sandbox: RunningSandbox) -> None:
    client = harbour.client()
    let_expire(sandbox, harbour, is_noticed=True)
    threads = [threading.Thread(target=client.organisation) for _ in range(PROCESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert renewals(sandbox) == [200]


def test_a_crash_between_answer_and_saving_is_survived_within_half_an_hour(
    harbour: OpenOrganisation, sandbox: RunningSandbox
) -> None:
    let_expire(sandbox, harbour, is_noticed=False)
    renew_and_die(harbour)
    assert name_read(harbour) == HARBOUR
    assert renewals(sandbox) == [200, 200]


def test_after_half_an_hour_a_crash_means_connecting_again(harbour: OpenOrganisation, sandbox: RunningSandbox) -> None:
    let_expire(sandbox, harbour, is_noticed=False)
    renew_and_die(harbour)
    sandbox.clock.advance(HALF_AN_HOUR + 60)
    with pytest.raises(SignInError, match="connect again with `stocktrim connect`"):
        name_read(harbour)


def test_an_answer_lost_on_the_wire_is_asked_for_again(harbour: OpenOrganisation, sandbox: RunningSandbox) -> None:
    let_expire(sandbox, harbour, is_noticed=True)
    lose_answers(sandbox, 1)
    assert name_read(harbour) == HARBOUR
    assert renewals(sandbox) == [200, 200]


def test_a_set_that_comes_late_is_renewed_before_it_ends(harbour: OpenOrganisation, sandbox: RunningSandbox) -> None:
    let_expire(sandbox, harbour, is_noticed=True)
    lose_answers(sandbox, REFRESH_ATTEMPTS)
    with pytest.raises(XeroUnreachableError):
        harbour.client()._tokens.current()
    sandbox.clock.advance(HALF_AN_HOUR - 30)
    assert name_read(harbour) == HARBOUR
    assert tokens_of(harbour).expires_at > datetime.now(UTC) + timedelta(minutes=25)
    assert not list_organisations(harbour.store)[0].sign_in_needed_at


def ticks(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """What the schedule and the sensor say now."""
    monkeypatch.setenv("STOCKTRIM_HOME", str(settings.home))
    monkeypatch.setenv("STOCKTRIM_DATABASE_URL", settings.database_url)
    with dg.instance_for_test() as instance:
        instance.add_dynamic_partitions(str(organisations.name), ["harbour"])
        with dg.build_schedule_context(instance, scheduled_execution_time=datetime.now(UTC)) as morning:
            scheduled = daily_load_and_plan(morning)
        return scheduled, approved_orders(dg.build_sensor_context(instance))


def assert_asks_for_a_person(
    harbour: OpenOrganisation, monkeypatch: pytest.MonkeyPatch, *, lost: Callable[[], object]
) -> None:
    """Exit code 3 and what to do; then the schedule and the sensor leave it alone until it is connected again."""
    scheduled, _ = ticks(harbour.settings, monkeypatch)
    assert [request.partition_key for request in scheduled] == ["harbour"]
    lost()
    with pytest.raises(SignInError, match="connect again with `stocktrim connect`") as refused:
        name_read(harbour)
    assert refused.value.exit_code == 3
    assert not refused.value.is_passing
    scheduled, sensed = ticks(harbour.settings, monkeypatch)
    for reason in (scheduled.skip_message, sensed.skip_reason.skip_message):
        assert "'harbour' is skipped: Xero has not let us in since 20" in reason
        assert "connect it again with `stocktrim connect`" in reason
    allowed = signed_in(harbour.settings, Person(HARBOUR))
    connect(harbour.settings, allowed, allowed.organisations)
    scheduled, _ = ticks(harbour.settings, monkeypatch)
    assert [request.partition_key for request in scheduled] == ["harbour"]
    again = open_organisation(harbour.settings, "harbour")
    assert name_read(again) == HARBOUR
    again.store.close()


def test_a_sign_in_unused_for_61_days_waits_for_a_person(
    harbour: OpenOrganisation, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_asks_for_a_person(harbour, monkeypatch, lost=lambda: sandbox.clock.advance(61 * DAY))


def test_a_sign_in_that_was_revoked_waits_for_a_person(
    harbour_here: OpenOrganisation, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = sandbox.sandbox.identity

    def revoke() -> None:
        for grant in identity.grants():
            identity._end(grant)

    assert_asks_for_a_person(harbour_here, monkeypatch, lost=revoke)


def test_an_organisation_that_was_taken_out_at_xero_waits_for_a_person(
    harbour_here: OpenOrganisation, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    grants = sandbox.sandbox.identity.grants()

    def take_out() -> None:
        for grant in grants:
            grant.tenant_ids.clear()

    assert_asks_for_a_person(harbour_here, monkeypatch, lost=take_out)


def test_the_other_organisations_of_a_sign_in_go_on(settings: Settings, sandbox: RunningSandbox) -> None:
    allowed = signed_in(settings, Person(HARBOUR, CITY))
    connect(settings, allowed, allowed.organisations)
    harbour, city = (open_organisation(settings, key) for key in ("harbour-wholesale", "city-tools"))
    sandbox.sandbox.identity.grants()[0].tenant_ids.remove(harbour.record.tenant_id)
    with pytest.raises(SignInError):
        name_read(harbour)
    assert name_read(city) == CITY
    needed = {organisation.key: bool(organisation.sign_in_needed_at) for organisation in list_organisations(city.store)}
    assert needed == {"harbour-wholesale": True, "city-tools": False}
    for organisation in (harbour, city):
        organisation.store.close()


def test_a_lost_key_asks_to_connect_again(harbour_here: OpenOrganisation) -> None:
    harbour_here.settings.secret_key_file.unlink()
    again = open_organisation(harbour_here.settings, "harbour")
    with pytest.raises(SecretKeyError, match="restore the old key, or connect again with `stocktrim connect`"):
        name_read(again)
    again.store.close()
    allowed = signed_in(harbour_here.settings, Person(HARBOUR))
    connect(harbour_here.settings, allowed, allowed.organisations)
    again = open_organisation(harbour_here.settings, "harbour")
    assert name_read(again) == HARBOUR
    again.store.close()


def test_a_locked_store_is_waited_for(harbour: OpenOrganisation, opened: Callable[..., Store]) -> None:
    sign_in_id, secrets = harbour.record.sign_in_id, secrets_of(harbour.settings)
    is_held = threading.Event()

    def hold() -> None:
        with locked_tokens(harbour.store, sign_in_id, secrets):
            is_held.set()
            time.sleep(0.5)

    holder = threading.Thread(target=hold)
    holder.start()
    is_held.wait()
    with locked_tokens(opened(busy_seconds=30), sign_in_id, secrets) as slot:
        assert not holder.is_alive() or slot.read() is not None
        assert slot.read() is not None
    holder.join()


def test_a_store_that_stays_locked_is_reported(harbour: OpenOrganisation, opened: Callable[..., Store]) -> None:
    sign_in_id, secrets = harbour.record.sign_in_id, secrets_of(harbour.settings)
    impatient = opened(busy_seconds=1)
    with (
        locked_tokens(harbour.store, sign_in_id, secrets),
        pytest.raises(StoreBusyError, match="Another process has kept the store locked for 1 seconds; try") as refused,
        locked_tokens(impatient, sign_in_id, secrets),
    ):
        pytest.fail("two hold the lock")
    assert refused.value.is_passing
    with locked_tokens(impatient, sign_in_id, secrets) as slot:
        assert slot.read() is not None


def test_a_scope_that_xero_misses_is_named(harbour: OpenOrganisation, sandbox: RunningSandbox) -> None:
    sandbox.sandbox.identity.grants()[0].scopes.remove("accounting.contacts.read")
    client = harbour.client()
    client.organisation()
    with pytest.raises(MissingScopeError, match=r"lacks the scope accounting.contacts.read: allow it"):
        client.page("Contacts", number=1, size=100, modified_since=None)
    assert not list_organisations(harbour.store)[0].sign_in_needed_at


def test_a_removed_organisation_leaves_no_credentials_and_its_key_to_itself(
    harbour: OpenOrganisation, sandbox: RunningSandbox
) -> None:
    tenant_id = harbour.record.tenant_id
    assert disconnect(harbour) is None
    assert sandbox.sandbox.identity.grants()[0].tenant_ids == []
    assert list_organisations(harbour.store) == []
    with harbour.store.reading() as connection:
        delete_unused_sign_ins(connection)
        assert connection.exec_driver_sql("select count(*) from sign_in").scalar() == 0
    allowed = signed_in(harbour.settings, Person(HARBOUR))
    (again,) = connect(harbour.settings, allowed, allowed.organisations)
    assert (again.key, again.tenant_id) == ("harbour", tenant_id)


def test_who_is_connected_anew_meanwhile_runs_again(harbour: OpenOrganisation, sandbox: RunningSandbox) -> None:
    client: XeroClient = harbour.client()
    allowed = signed_in(harbour.settings, Person(HARBOUR))
    connect(harbour.settings, allowed, allowed.organisations)
    sandbox.sandbox.identity.expire_access_tokens()
    with pytest.raises(SignInError, match="connected again, or removed, meanwhile; repeat the command"):
        client.organisation()
    store = open_store(harbour.settings.database_url)
    assert not list_organisations(store)[0].sign_in_needed_at
    store.close()


def test_only_what_lets_us_in_is_worked_on(harbour_here: OpenOrganisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKTRIM_HOME", str(harbour_here.settings.home))
    monkeypatch.setenv("STOCKTRIM_DATABASE_URL", harbour_here.settings.database_url)
    with dg.instance_for_test() as instance:
        assert workable(instance) == ([], [])
        instance.add_dynamic_partitions(str(organisations.name), ["harbour", "nobody"])
        assert workable(instance) == (["harbour"], [])
