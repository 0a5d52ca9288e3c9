"""The load as Dagster runs it: what passes is tried again; a day's limit ends the run at once, and the next goes on."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pipelines.storage import tables
from stocktrim_assets.assets.raw import load_from_xero
from stocktrim_assets.partitions import organisations
from tests.pipelines.landing.loading import Loading, loading
from tests.xero_sandbox.sandbox_builders import a_world, an_invoice
from xero_sandbox.accounting_api import listing
from xero_sandbox.behaviour.faults import Fault


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loading]:
    """Five pages of invoices; nothing is loaded yet."""
    monkeypatch.setattr(listing, "LARGEST_PAGE_SIZE", 6)
    with loading(a_world(*[an_invoice(f"INV-{number:04}") for number in range(30)]), tmp_path) as acme:
        yield acme


def run(acme: Loading, *selected: str) -> dg.ExecuteInProcessResult:
    """A run of the load, of some tables or of all, with retries as the asset asks for them."""
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(str(organisations.name), ["acme"])
        return dg.materialize(
            [load_from_xero], partition_key="acme", instance=instance, resources={"organisation": acme.at_hand},
            raise_on_error=False,
            selection=dg.AssetSelection.assets(*(["raw", name] for name in selected)) if selected else None,
        )  # fmt: skip


def happened(result: dg.ExecuteInProcessResult, *kinds: str) -> list[dg.DagsterEvent]:
    return [event for event in result.all_events if event.event_type_value in kinds]


def metadata(result: dg.ExecuteInProcessResult, table: str) -> dict[str, object]:
    """What the run says of a table's asset."""
    (shown,) = [
        one for one in result.asset_materializations_for_node("load_from_xero") if one.asset_key.path[-1] == table
    ]
    return {name: value.value for name, value in shown.metadata.items()}


def test_fault_05_a_days_limit_ends_the_run_at_once_and_the_next_run_goes_on_with_what_was_read(acme: Loading) -> None:
    acme.sandbox.fault(Fault(kind="rate_limit", path="/Invoices.*page=3", problem="day", retry_after=40_000, times=0))
    ended = run(acme)
    assert not ended.success
    assert happened(ended, "STEP_UP_FOR_RETRY") == []
    (failure,) = happened(ended, "STEP_FAILURE")
    assert failure.step_failure_data.user_failure_data is not None
    assert failure.step_failure_data.user_failure_data.description == (
        "Xero's limit of calls for today is reached; try again after 2026-03-02 20:06 UTC. "
        "What was read so far is kept."
    )
    assert acme.rows(tables.XERO_INVOICES).is_empty()
    asked = acme.calls()
    assert sum("page=3&" in call for call in asked) == 1

    assert not run(acme).success
    assert acme.calls() == []

    acme.sandbox._ask("POST", "faults/reset")
    acme.pass_time(hours=12)
    went_on = run(acme)
    assert went_on.success
    assert metadata(went_on, "loads")["read/calls"] == acme.sandbox.stats()["counts"]["by_status"]["200"] - 1  # a token
    pages = [call for call in acme.calls() if call.startswith("Invoices?") and call.endswith("pageSize=1000")]
    assert [part for call in pages for part in call.split("&") if part.startswith("page=")] == [
        "page=3", "page=4", "page=5",
    ]  # fmt: skip
    assert acme.raw() == acme.truth()


def test_one_list_alone_is_read_and_what_was_not_read_has_no_check_result(acme: Loading) -> None:
    assert run(acme).success
    acme.calls()
    of_contacts = run(acme, "xero_contacts")
    assert of_contacts.success
    assert {call.split("?")[0] for call in acme.calls()} == {"Contacts"}
    landed = [event.asset_key for event in of_contacts.get_asset_materialization_events()]
    assert [key.path[-1] for key in landed if key is not None] == ["xero_contacts"]
    checked = {check.asset_key.path[-1] for check in of_contacts.get_asset_check_evaluations()}
    assert checked == {"xero_contacts"}
    usual = {check.asset_key.path[-1] for check in run(acme).get_asset_check_evaluations()}
    assert usual >= {"loads", "xero_items"}
    assert "xero_contacts" not in usual


@pytest.mark.soak
def test_a_minutes_limit_that_does_not_end_fails_the_step_and_dagster_tries_again(acme: Loading) -> None:
    """Dagster waits for up to a minute."""
    acme.sandbox.fault(Fault(kind="rate_limit", path="/Items", problem="minute", retry_after=7, times=3))
    ended = run(acme)
    assert ended.success
    assert len(happened(ended, "STEP_UP_FOR_RETRY")) == len(happened(ended, "STEP_RESTARTED")) == 1
    assert acme.raw() == acme.truth()
