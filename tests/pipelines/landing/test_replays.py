"""A load that cannot be replayed says why in one sentence, and leaves what was landed."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.errors import PlannerError, UsageError
from pipelines.landing.page_archive import KeptLoad, kept_loads
from tests.pipelines.landing.loading import Loading, loading
from tests.stocktrim_assets.connected import connect_on_paper
from tests.xero_sandbox.sandbox_builders import a_world, an_invoice
from xero_sandbox.behaviour.edits import Write


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[Loading]:
    """Two loads: all of it, then changed sales alone."""
    with loading(a_world(*[an_invoice(f"INV-{number:04}") for number in range(3)]), tmp_path, page_size=10) as acme:
        acme.load()
        acme.pass_time(minutes=20)
        acme.sandbox.edit(Write(path=f"Invoices/{next(iter(acme.world.invoices))}", body={"Status": "VOIDED"}))
        acme.load("sales_orders")
        yield acme


def loads(acme: Loading) -> list[KeptLoad]:
    return kept_loads(acme.at_hand.folder)


def refused(acme: Loading, load_id: str) -> str:
    """Why a load cannot be replayed; nothing of what was landed has changed."""
    before = acme.raw()
    with pytest.raises(PlannerError) as refused:
        acme.replay(load_id)
    assert acme.raw() == before
    return str(refused.value)


def test_a_load_of_changes_alone_says_that_the_whole_is_not_kept(acme: Loading) -> None:
    first, second = loads(acme)
    shutil.rmtree(first.folder)
    sentence = refused(acme, second.load_id)
    assert "it brought changes only, and no stored load before it holds the whole of a list" in sentence
    assert "`stocktrim load --refresh`" in sentence


def test_a_load_whose_answers_are_gone_says_so(acme: Loading) -> None:
    first, _ = loads(acme)
    for path in first.folder.glob("*.zst"):
        path.unlink()
    assert "is damaged (" in refused(acme, first.load_id)


@pytest.mark.parametrize("written", [b"{}\n", b"not JSON\n", b'{"number": "one"}\n', b"\xff\xfe\n"])
def test_a_damaged_journal_is_named_and_its_folder_too(acme: Loading, written: bytes) -> None:
    first, second = loads(acme)
    (first.folder / "journal.jsonl").write_bytes(written)
    for load in (first, second):
        assert f"{first.folder}/journal.jsonl is damaged" in refused(acme, load.load_id)


@pytest.mark.parametrize(("mark", "why"), [("refused", "was refused by a check"), (None, "did not end")])
def test_a_load_that_was_not_landed_says_what_became_of_it(acme: Loading, mark: str | None, why: str) -> None:
    _, second = loads(acme)
    (second.folder / "landed").unlink()
    if mark:
        (second.folder / mark).touch()
    sentence = refused(acme, second.load_id)
    assert f"The load {second.load_id} {why}" in sentence
    assert loads(acme)[0].load_id in sentence


def test_another_organisations_load_is_not_replayed_here(acme: Loading) -> None:
    settings = acme.at_hand.settings
    connect_on_paper(settings, "other")
    theirs = settings.organisation_folder("other") / "pages"
    first, _ = loads(acme)
    theirs.mkdir(parents=True)
    first.folder.rename(theirs / first.load_id)
    assert f"The load {first.load_id} belongs to the organisation 'other', not" in refused(acme, first.load_id)


@pytest.mark.parametrize("load_id", ["nothing", "", "../../other", "20260302T090000Z-abcdef", "x" * 300, "a\0b"])
def test_a_load_that_nobody_made_is_answered_with_those_there_are(acme: Loading, load_id: str) -> None:
    sentence = refused(acme, load_id)
    assert sentence.startswith("No load ")
    assert loads(acme)[-1].load_id in sentence


def test_what_else_lies_among_the_kept_loads_stops_no_load(acme: Loading) -> None:
    pages = acme.at_hand.folder / "pages"
    (pages / "lost+found").mkdir()
    (pages / "notes.txt").write_text("mine")
    acme.pass_time(minutes=20)
    acme.load()
    with pytest.raises(UsageError, match="No load"):
        acme.replay("lost+found")
