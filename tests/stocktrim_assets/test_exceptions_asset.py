"""The asset of the exceptions: one table, a check per severity, snoozes obeyed; and the command that reads it."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from pipelines.organisations.open_organisation import OpenOrganisation, open_organisation
from pipelines.settings import read_settings
from pipelines.storage import tables
from pipelines.storage.snapshots import publish, snapshot_name
from pipelines.storage.warehouse import describe_table, insert_rows, put_table
from stocktrim_assets.assets.exceptions import CHECKS, exceptions
from tests.pipelines.planning_builders import TEA, a_product, expecting, in_stock, inputs
from tests.stocktrim_assets.connected import connect_on_paper

MARTS = (tables.PRODUCTS, tables.STOCK_ON_ORDER, tables.XERO_READINESS, tables.DEMAND_DAILY, tables.DATA_FRESHNESS)
PROBLEM = {
    "problem": "unreadable_record", "record_id": "doc-1", "document_number": "INV-7", "version": "1",
    "is_dismissed": False, "currency": "GBP", "effect": "Its sales are missing.", "what_to_do": "Save it again.",
}  # fmt: skip


@pytest.fixture
def organisation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenOrganisation]:
    """An organisation with one product that is out of stock, and an invoice that cannot be read."""
    monkeypatch.setenv("STOCKTRIM_HOME", str(tmp_path))
    settings = read_settings()
    connect_on_paper(settings, "acme", currency="GBP")
    opened = open_organisation(settings, "acme")
    given = inputs(a_product(), in_stock(0))
    plan = given.plan(expecting(28, 14)).order_plan
    frames = {
        tables.PRODUCTS: given.products,
        tables.XERO_READINESS: pl.DataFrame([PROBLEM], schema=tables.XERO_READINESS.schema, orient="row"),
        tables.DATA_FRESHNESS: pl.DataFrame([{"base_currency": "GBP"}], schema=tables.DATA_FRESHNESS.schema),
    }
    with closing(opened.store), opened.warehouse() as warehouse:
        warehouse.execute("create schema marts")
        for table in MARTS:
            warehouse.execute(f"create table {table.path} ({describe_table(table)})")
            if table in frames:
                insert_rows(warehouse, table.path, frames[table])
        put_table(warehouse, tables.ORDER_PLAN, plan)
        put_table(warehouse, tables.AS_OF, pl.DataFrame({"as_of_date": [opened.today()]}))
        warehouse.close()
        yield opened


def run(organisation: OpenOrganisation) -> dict[str, dg.AssetCheckEvaluation]:
    """Make the exceptions and publish them; the checks by name."""
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("organisation", ["acme"])
        result = dg.materialize(
            [exceptions], partition_key="acme", resources={"organisation": organisation}, instance=instance
        )
    publish(organisation.folder, snapshot_id=snapshot_name(organisation.now(), result.run_id))
    return {check.check_name: check for check in result.get_asset_check_evaluations()}


def the_command(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    from stocktrim_cli.main import app  # noqa: PLC0415, it imports every command

    capsys.readouterr()
    app(["exceptions", *words], standalone_mode=False)
    shown = capsys.readouterr().out
    return json.loads(shown) if "--json" in words else shown


def test_the_checks_count_what_is_open_and_a_snooze_is_obeyed_at_once_and_in_the_table(
    organisation: OpenOrganisation, capsys: pytest.CaptureFixture[str]
) -> None:
    checks = run(organisation)
    assert checks.keys() == set(CHECKS.values())
    error, warning = checks["no_errors_are_open"], checks["no_warnings_are_open"]
    assert (error.passed, error.severity, error.metadata["count"].value) == (False, dg.AssetCheckSeverity.ERROR, 1)
    assert (warning.passed, warning.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert 30 < float(str(warning.metadata["money/out_of_stock"].value)) < 50
    assert checks["info_is_counted"].passed

    listed = the_command(capsys, "--json")
    assert [row["kind"] for row in listed] == ["out_of_stock", "unreadable_record"]
    until = organisation.today() + timedelta(days=9)
    words = ("snooze", TEA, "--until", str(until), "--reason", "=cmd|' /C calc'!A0 <b>", "--by", "Ann Bell")
    the_command(capsys, *words, "--json")
    assert [row["kind"] for row in the_command(capsys, "--json")] == ["unreadable_record"]
    (snoozed,) = the_command(capsys, "--all", "--product", TEA, "--json")
    assert (snoozed["snoozed_by"], snoozed["snoozed_until"]) == ("Ann Bell", str(until))
    assert "Ann Bell" in the_command(capsys, "show", listed[0]["exception_id"])

    checks = run(organisation)
    assert checks["no_warnings_are_open"].passed
    with organisation.warehouse() as warehouse:
        states = warehouse.execute(f"select kind, state from {tables.EXCEPTIONS.path} order by kind").fetchall()
    assert states == [("out_of_stock", "snoozed"), ("unreadable_record", "open")]
    the_command(capsys, "wake", TEA, "--by", "Bob Carr")
    assert [row["kind"] for row in the_command(capsys, "--json")] == ["out_of_stock", "unreadable_record"]
    decided = the_command(capsys, "history", "--json")
    assert [(row["decision"], row["decided_by"]) for row in decided] == [("snoozed", "Ann Bell"), ("woken", "Bob Carr")]


@pytest.mark.parametrize(
    "words",
    [
        ("snooze", TEA, "--until", "2020-01-01", "--reason", "x"),
        ("snooze", TEA, "--until", "9999-12-31", "--reason", "x"),
        ("snooze", TEA, "--until", "soon", "--reason", "x"),
        ("snooze", "SOLVED", "--until", str(date.today() + timedelta(days=5)), "--reason", "x"),  # noqa: DTZ011, any day ahead
        ("snooze", TEA, "--until", str(date.today() + timedelta(days=5)), "--reason", "x" * 10_000),  # noqa: DTZ011, as above
        ("show", "aaaaaaaaaa"),
        ("wake", TEA),
        ("--kind", "no_such_kind"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(
    organisation: OpenOrganisation, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    from pipelines.errors import UsageError  # noqa: PLC0415, beside the command

    publish(organisation.folder, snapshot_id="20260301T060500-00000000")
    with pytest.raises(UsageError) as refused:
        the_command(capsys, *words)
    assert str(refused.value).endswith(".")
