"""What a client was promised is kept: after a stop and after a crash."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import httpx2
import pytest

from tests.xero_sandbox.sandbox_builders import (
    a_contact,
    a_credit_note,
    a_line,
    a_purchase_order,
    a_world,
    an_invoice,
    guid,
)
from tests.xero_sandbox.sandbox_calls import stored_world
from xero_sandbox.app.serve import serve
from xero_sandbox.app.testing import running_sandbox
from xero_sandbox.core.state import FILE_NAME, load_worlds, save_worlds
from xero_sandbox.identity.authorization_server import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET

ORDER = {"Contact": {"ContactID": guid("contact Supplier 01")}, "LineItems": [{"ItemCode": "TEA-01"}]}
PROGRAM = """
import sys
from pathlib import Path
from xero_sandbox.identity.authorization_server import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET
from xero_sandbox.app.serve import serve
from xero_sandbox.core.state import load_worlds
directory = Path(sys.argv[1])
serve(load_worlds(directory), port=0, client_id=sys.argv[2], client_secret=sys.argv[3], state_directory=directory,
      on_ready=lambda url: print(url, flush=True))
print("stopped", flush=True)
"""


@contextmanager
def a_process(directory):
    """A sandbox of its own process, as a person runs it."""
    command = [sys.executable, "-c", PROGRAM, str(directory), DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET]
    with subprocess.Popen(  # noqa: S603, our own interpreter
        command, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def signed_in(url):
    answer = httpx2.post(
        f"{url}/connect/token",
        data={"grant_type": "client_credentials"},
        auth=(DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET),
    )
    return {"Authorization": f"Bearer {answer.json()['access_token']}", "Accept": "application/json"}


def put_order(url, number, **headers):
    order = ORDER | {"PurchaseOrderNumber": number}
    answer = httpx2.put(f"{url}/api.xro/2.0/PurchaseOrders", json=order, headers=signed_in(url) | headers)
    assert answer.status_code == 200
    return answer


def numbers(directory):
    return [order.number for order in stored_world(directory).purchase_orders.values()]


def test_nothing_stored_is_no_world(tmp_path):
    assert load_worlds(tmp_path) is None


def test_worlds_come_back_as_they_were_saved(tmp_path):
    worlds = [a_world(an_invoice(), a_credit_note(), a_purchase_order(), a_contact("Third"))]
    save_worlds(worlds, tmp_path)
    assert load_worlds(tmp_path) == worlds


def test_a_restart_does_not_store_everything_anew(tmp_path):
    save_worlds([a_world(an_invoice("INV-1", a_line(quantity=5), a_line(price="5")))], tmp_path)
    before = (tmp_path / FILE_NAME).stat().st_ino
    with running_sandbox([stored_world(tmp_path)], state_directory=tmp_path):
        assert (tmp_path / FILE_NAME).stat().st_ino == before


def test_saving_again_replaces_everything(tmp_path):
    save_worlds([a_world(an_invoice())], tmp_path)
    save_worlds([a_world()], tmp_path)
    assert load_worlds(tmp_path) == [a_world()]


def test_other_organisations_take_the_place_of_what_was_stored(tmp_path):
    save_worlds([a_world(an_invoice())], tmp_path)
    fresh = a_world(an_invoice(reference="another history"))
    with running_sandbox([fresh], state_directory=tmp_path):
        assert load_worlds(tmp_path) == [fresh]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_what_was_answered_survives_the_end_of_the_process(tmp_path, how):
    save_worlds([a_world()], tmp_path)
    with a_process(tmp_path) as (process, url):
        put_order(url, "RP-1")
        os.kill(process.pid, how)
        rest = process.stdout.read()
        code = process.wait(timeout=60)
    assert numbers(tmp_path) == ["RP-1"]
    if how != signal.SIGKILL:
        assert (rest.strip(), code) == ("stopped", 0)


def test_a_key_is_still_known_after_a_crash(tmp_path):
    save_worlds([a_world()], tmp_path)
    with a_process(tmp_path) as (process, url):
        first = put_order(url, "RP-1", **{"Idempotency-Key": "k"})
        process.kill()
    with a_process(tmp_path) as (_, url):
        assert put_order(url, "RP-1", **{"Idempotency-Key": "k"}).content == first.content
    assert numbers(tmp_path) == ["RP-1"]


def test_a_refresh_token_still_works_after_a_restart(tmp_path):
    worlds = [a_world()]
    with running_sandbox(worlds, state_directory=tmp_path) as running:
        identity = running.sandbox.identity
        tenants = list(identity.organisations)
        code = identity.allow(scopes=["offline_access"], tenant_ids=tenants, redirect_uri="x", challenge="")
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "x"}
        credentials = (running.client_id, running.client_secret)
        tokens = httpx2.post(f"{running.url}/connect/token", data=form, auth=credentials).json()
    with running_sandbox([stored_world(tmp_path)], state_directory=tmp_path) as running:
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        assert httpx2.post(f"{running.url}/connect/token", data=form, auth=credentials).status_code == 200
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert httpx2.get(f"{running.url}/connections", headers=headers).status_code == 200


def test_moved_stock_and_a_deleted_item_are_stored(tmp_path, open_sandbox):
    client = open_sandbox(a_world(), state_directory=tmp_path)
    sale = {"Type": "ACCREC", "Status": "AUTHORISED", "Contact": ORDER["Contact"]}
    client.put("Invoices", sale | {"LineItems": [{"ItemCode": "TEA-01", "Quantity": 30}]})
    assert stored_world(tmp_path).items[guid("item TEA-01")].quantity_on_hand == 70
    client.sign_in(scope="accounting.settings")
    client.send("DELETE", "Items/TEA-01")
    assert stored_world(tmp_path).items == {}


def test_a_taken_port_is_said_at_once(open_sandbox):
    port = int(open_sandbox().sandbox.url.rpartition(":")[2])
    with pytest.raises(OSError, match="Address already in use"):
        serve([a_world()], port=port, client_id="a", client_secret="b")


def test_the_state_is_one_file_after_a_clean_stop(tmp_path):
    with running_sandbox([a_world()], state_directory=tmp_path):
        assert (tmp_path / FILE_NAME).exists()
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_the_stored_key_holds_the_answer(tmp_path):
    with running_sandbox([a_world()], state_directory=tmp_path) as running:
        body = put_order(running.url, "RP-1", **{"Idempotency-Key": "k"}).content
        assert running.sandbox.state
        (stored,) = running.sandbox.state.remembered("answer:")
    assert json.loads(body)["Id"].encode() in stored


def test_a_reset_brings_back_the_start_in_memory_and_on_disk(tmp_path, open_sandbox):
    client = open_sandbox(a_world(an_invoice()), state_directory=tmp_path)
    sale = {"Type": "ACCREC", "Status": "AUTHORISED", "Contact": ORDER["Contact"]}
    client.put("Invoices", sale | {"LineItems": [{"ItemCode": "TEA-01", "Quantity": 30}]}, Idempotency_Key="k")
    client.post("Invoices", {"InvoiceNumber": "INV-0001", "Reference": "edited"})
    client.http.post("/_admin/reset")
    assert client.sandbox.worlds[0].items == stored_world(tmp_path).items
    assert client.sandbox.worlds[0].items[guid("item TEA-01")].quantity_on_hand == 100
    assert [row["Reference"] for row in client.rows("Invoices")] == [""]
    assert [invoice.number for invoice in stored_world(tmp_path).invoices.values()] == ["INV-0001"]
    assert client.sandbox.sandbox.state.remembered("answer:") == []
