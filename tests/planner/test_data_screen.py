"""Load data: ages, last loads, what to mend, and a Dagster that does not answer."""

import json
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from benchmarks.made_up_plans import connect_made_up, publish_made_up
from pipelines.landing.changes import LoadChanges, RecordChanges
from pipelines.landing.page_archive import KeptLoad
from pipelines.landing.past_loads import reading_now, summary_of
from pipelines.settings import read_settings
from pipelines.storage import tables
from pipelines.store.connected_organisations import get_organisation, need_sign_in
from pipelines.store.engine import open_store
from pipelines.store.watermarks import advance_watermarks
from planner.desk import Desk
from planner.runs.run_record import RunRecord, RunStage, Step
from planner.security.roles import Role
from planner.security.sessions import now
from planner.shown.dashboard_view import needs_today
from planner.shown.loading.run_shown import run_shown
from planner.shown.plan_shown.plan_now import PlanNow
from tests.planner.conftest import KEY, Visitor, visitor_of

LISTS = ("Items", "Invoices", "CreditNotes", "PurchaseOrders", "Contacts")
A_RUN = "11111111-2222-3333-4444-555555555555"
PROBLEMS = {
    "problem": ["sale_without_product", "no_supplier", "no_supplier"],
    "record_id": ["r1", "r2", "r3"],
    "document_number": ["INV-1", "", ""],
    "product_code": ["", "P-1", "P-2"],
    "name": ["<b>Anna & Co</b>", "Mug", "Cup"],
    "amount": [120, 80, 40],
    "currency": ["GBP"] * 3,
    "effect": ["Its demand is unknown.", "It is not ordered.", "It is not ordered."],
    "what_to_do": ["Name the item on the line.", "Set a supplier.", "Set a supplier."],
    "xero_link": ["https://go.xero.com/1", "javascript:alert(1)", None],
    "is_dismissed": [False, False, True],
    "version": ["1", "1", "1"],
}


@pytest.fixture(scope="module")
def data_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two loads behind it, one of them refused, and problems in Xero's data."""
    home = tmp_path_factory.mktemp("data_home")
    settings = read_settings({"STOCKTRIM_HOME": str(home)})
    connect_made_up(settings, KEY, "Acme")
    folder = settings.organisation_folder(KEY)
    publish_made_up(folder, 5)
    mend = pl.DataFrame(PROBLEMS).select(
        pl.col(name).cast(kind) if name in PROBLEMS else pl.lit(None, kind).alias(name)
        for name, kind in tables.XERO_READINESS.schema.items()
    )
    mend.with_columns(organisation=pl.lit(KEY)).write_parquet(folder / "published" / "xero_readiness.parquet")
    _keep_loads(folder)
    store = open_store(settings.database_url)
    loaded_at = datetime.now(UTC) - timedelta(hours=3, minutes=5)
    advance_watermarks(store, KEY, dict.fromkeys(LISTS[:4], loaded_at), at=loaded_at)
    store.close()
    return home


def _keep_loads(folder: Path) -> None:
    first, second = (folder / "pages" / f"20261201T{hour}0000Z-00000{hour[1]}" for hour in ("07", "08"))
    for place in (first, second):
        place.mkdir(parents=True)
    row = {"list": "Items", "kind": "everything", "records": 2400, "calls": 7, "quarantined": 0, "day_calls_left": 4321}
    rows = pl.DataFrame([row, row | {"list": "PurchaseOrders", "records": 12, "calls": 1}])
    changes = LoadChanges((RecordChanges("products", 1, 2399, 0, 0, ("P-1",)),), 3)
    (first / "landed").write_bytes(summary_of(rows, changes))
    (second / "refused").write_text("Sales fell by 90 %; run `stocktrim load --refresh sales-orders`.", "utf-8")


@pytest.fixture
def buyer(data_home: Path) -> Iterator[Visitor]:
    """Somebody who is signed in while no Dagster answers."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    environment = {"STOCKTRIM_HOME": str(data_home), "STOCKTRIM_DAGSTER_URL": f"http://127.0.0.1:{port}"}
    for visitor in visitor_of(read_settings(environment)):
        yield visitor.sign_in()


def test_each_entity_has_its_age_and_the_records_of_its_last_load(buyer: Visitor) -> None:
    text = _flat(buyer.text(f"/o/{KEY}/data"))
    assert re.search(r"Products</label>.*?3 hours ago.*?2,400</span>", text)
    assert re.search(r"Purchase orders</label>.*?3 hours ago.*?>12</span>", text)
    assert re.search(r"Contacts</label>.*?never", text)
    assert "after the last load 4,321 were left for its day" in text


def test_last_loads_say_what_came_of_them_and_name_no_command(buyer: Visitor) -> None:
    text = _flat(buyer.text(f"/o/{KEY}/data"))
    assert "Loaded: 1 new product, 2,399 changed products, stock moved of 3 products." in text
    assert "Refused; nothing was changed. Sales fell by 90 %." in text
    assert "stocktrim load" not in text


def test_records_to_mend_have_money_remedy_and_a_link_that_leads_to_xero_only(buyer: Visitor) -> None:
    text = _flat(buyer.text(f"/o/{KEY}/data"))
    assert re.search(r"Sale without product</span> <span class=\"count\">1<.*?120.00 GBP.*?Name the item", text)
    assert "&lt;b&gt;Anna &amp; Co&lt;/b&gt;" in text
    assert 'href="https://go.xero.com/1"' in text
    assert "javascript:alert" not in text
    assert "Cup" not in text  # dismissed


def test_without_dagster_the_page_says_what_to_do_and_shows_what_was_published(buyer: Visitor) -> None:
    assert "Load from Xero and plan" in buyer.text(f"/o/{KEY}/data")
    for path in ("present", A_RUN):
        text = buyer.text(f"/o/{KEY}/runs/{path}")
        assert "does not answer" in text
        assert f'hx-get="/o/{KEY}/runs/{path}" hx-trigger="every 10s"' in text
    answer = buyer.client.post(f"/o/{KEY}/runs", data={"job": "load"}, headers=buyer.word)
    assert "Nothing can be loaded or planned now" in answer.text
    assert "to order" in buyer.text(f"/o/{KEY}/")


def test_the_api_says_that_dagster_is_down(buyer: Visitor) -> None:
    path = f"/api/v1/organisations/{KEY}/runs"
    answers = [
        buyer.client.get(path),
        buyer.client.get(f"{path}/{A_RUN}"),
        buyer.client.post(path, json={"job": "plan"}, headers=buyer.word),
    ]
    for answer in answers:
        assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
        assert "Dagster" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"job": "load", "chosen": "yes"}, "Tick what to load first."),
        ({"job": "load", "chosen": "yes", "entity": "invoices"}, "'invoices' cannot be loaded"),
        ({"job": "plan", "entity": "products"}, "Only a load reads chosen records"),
        ({"job": "explain"}, "There is no 'explain' to start here"),
    ],
)
def test_what_cannot_be_started_is_said_before_dagster_is_asked(
    buyer: Visitor, form: dict[str, str], sentence: str
) -> None:
    answer = buyer.client.post(f"/o/{KEY}/runs", data=form, headers=buyer.word)
    assert answer.status_code == 422
    assert sentence in answer.text


@pytest.mark.parametrize(("role", "job", "status"), [("viewer", "load", 403), ("planner", "send", 403)])
def test_a_role_starts_only_what_it_may(
    buyer: Visitor, monkeypatch: pytest.MonkeyPatch, role: str, job: str, status: int
) -> None:
    monkeypatch.setattr(Desk, "role", lambda *_: Role(role))
    path = f"/api/v1/organisations/{KEY}/runs"
    answer = buyer.client.post(path, json={"job": job}, headers=buyer.word)
    assert answer.status_code == status
    assert "this needs the role" in json.loads(answer.text)["detail"]
    if role == "viewer":
        assert "Load from Xero and plan" not in buyer.text(f"/o/{KEY}/data")


def test_an_organisation_that_is_not_here_has_no_loads(buyer: Visitor) -> None:
    for path in ("/o/nobody/data", "/o/nobody/runs/present", f"/o/nobody/runs/{A_RUN}"):
        buyer.text(path, status=404)
    assert buyer.client.get(f"/api/v1/organisations/nobody/runs/{A_RUN}").status_code == 404
    for odd in ("%2e%2e%2e", "'; drop", "x" * 300):
        buyer.text(f"/o/{KEY}/runs/{odd}", status=404)


def test_connected_and_not_loaded_offers_the_load(tmp_path: Path) -> None:
    settings = read_settings({"STOCKTRIM_HOME": str(tmp_path)})
    connect_made_up(settings, "new", "New Ltd")
    for newcomer in visitor_of(settings):
        newcomer.sign_in()
        text = newcomer.text("/o/new/plan")
        assert "No plan yet" in text
        assert "Load from Xero and plan" in text
        assert "stocktrim load" not in text


def test_a_sign_in_that_xero_no_longer_accepts_offers_to_connect_again(tmp_path: Path) -> None:
    settings = read_settings({"STOCKTRIM_HOME": str(tmp_path)})
    connect_made_up(settings, KEY, "Acme")
    publish_made_up(settings.organisation_folder(KEY), 5)
    store = open_store(settings.database_url)
    need_sign_in(store, get_organisation(store, KEY), at=datetime.now(UTC))
    store.close()
    for visitor in visitor_of(settings):
        text = visitor.sign_in().text(f"/o/{KEY}/data")
        assert "Xero no longer lets us in." in text
        assert f'href="/connect?organisation={KEY}">Connect again' in text


def _flat(text: str) -> str:
    return " ".join(text.split())


def test_while_xero_is_read_the_page_of_the_list_is_said(tmp_path: Path) -> None:
    """Also between two lines of the journal; looking changes nothing."""
    place = tmp_path / "pages" / "20261201T070000Z-000007"
    place.mkdir(parents=True)
    assert reading_now(tmp_path) is None
    load = KeptLoad(place)
    fields = {"modified_since": None, "status": None, "is_pass": True, "asked_at": datetime.now(UTC), "page_size": 1000}
    for page in (1, 2):
        load.keep(b"{}", list_name="Invoices", page=page, page_count=25, **fields)
    journal = place / "journal.jsonl"
    journal.write_bytes(written := journal.read_bytes() + b'{"number": 3, "list')
    reading = reading_now(tmp_path)
    assert journal.read_bytes() == written
    run = RunRecord(
        A_RUN, "load", KEY, "anna", RunStage.RUNNING, now(), now(), None, [Step("load_from_xero", is_over=False)]
    )
    shown = run_shown(run, None, zone="", dagster="http://127.0.0.1:1", at=now(), reading=reading)
    assert shown.sentence == "Reading Xero: invoices and bills, page 2 of 25."
    load.mark_landed()
    assert reading_now(tmp_path) is None


def test_a_plan_is_offered_after_a_change_and_the_button_says_why_it_cannot_be_pressed(buyer: Visitor) -> None:
    offered = _flat(buyer.text(f"/o/{KEY}/runs/plan-now"))
    assert 'disabled aria-describedby="plan-now-why">Plan now</button>' in offered
    assert "A plan cannot be made now." in offered


def test_a_plan_that_has_ended_says_what_needs_a_person_now(buyer: Visitor) -> None:
    run = RunRecord(A_RUN, "plan", KEY, "anna", RunStage.DONE, now(), now(), now(), [])
    plan = PlanNow(buyer.desk.views.view(KEY))
    shown = run_shown(run, plan, zone="", dagster="http://127.0.0.1:1", at=now())
    assert shown.sentence == f"Planned: {needs_today(plan)}"
