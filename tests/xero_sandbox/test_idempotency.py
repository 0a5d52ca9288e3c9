"""The same key does nothing twice, for six minutes."""

import pytest

from tests.xero_sandbox.sandbox_builders import LONG_AGO, guid
from xero_sandbox.behaviour.rate_limits import Limits
from xero_sandbox.core.clock import Clock
from xero_sandbox.core.switches import Switches

ORDER = {"Contact": {"ContactID": guid("contact Supplier 01")}, "LineItems": [{"ItemCode": "TEA-01"}]}


def test_a_repeated_key_gives_the_same_answer_and_one_order(open_sandbox):
    client = open_sandbox()
    first, second = (client.put("PurchaseOrders", ORDER, Idempotency_Key="k") for _ in range(2))
    assert first.content == second.content
    assert len(client.rows("PurchaseOrders")) == 1


def test_without_a_key_a_repeated_call_makes_a_second_order(open_sandbox):
    client = open_sandbox()
    for _ in range(2):
        client.put("PurchaseOrders", ORDER)
    assert len(client.rows("PurchaseOrders")) == 2


def test_a_key_is_forgotten_after_six_minutes(open_sandbox):
    client = open_sandbox(clock=Clock(LONG_AGO))
    for _ in range(2):
        client.put("PurchaseOrders", ORDER, Idempotency_Key="k")
        client.sandbox.clock.advance(360)
    assert len(client.rows("PurchaseOrders")) == 2


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("PUT", "PurchaseOrders", {}), ("POST", "PurchaseOrders", ORDER), ("PUT", "PurchaseOrders?unitdp=4", ORDER)],
)
def test_a_key_cannot_be_used_for_another_request(open_sandbox, method, path, body):
    client = open_sandbox()
    client.put("PurchaseOrders", ORDER, Idempotency_Key="k")
    assert client.send(method, path, body, Idempotency_Key="k").status_code == 400
    assert len(client.rows("PurchaseOrders")) == 1


def test_how_xero_words_the_refusal_is_not_known(open_sandbox):
    kinds = []
    for is_explained in (False, True):
        client = open_sandbox(switches=Switches(is_key_mismatch_explained=is_explained))
        client.put("PurchaseOrders", ORDER, Idempotency_Key="k")
        kinds.append(client.put("PurchaseOrders", {}, Idempotency_Key="k").headers["content-type"].split(";")[0])
    assert kinds == ["text/html", "application/json"]


def test_limits_are_checked_before_keys(open_sandbox):
    client = open_sandbox(clock=Clock(LONG_AGO), limits=Limits(per_minute=1))
    statuses = [client.put("PurchaseOrders", ORDER, Idempotency_Key="k").status_code for _ in range(2)]
    client.sandbox.clock.advance(60)
    statuses.append(client.put("PurchaseOrders", ORDER, Idempotency_Key="k").status_code)
    assert statuses == [200, 429, 200]
    assert len(client.sandbox.worlds[0].purchase_orders) == 1


def test_six_minutes_count_from_the_first_call(open_sandbox):
    client = open_sandbox(clock=Clock(LONG_AGO))
    for _ in range(3):
        client.put("PurchaseOrders", ORDER, Idempotency_Key="k")
        client.sandbox.clock.advance(200)
    assert len(client.rows("PurchaseOrders")) == 2


def test_errors_are_remembered_too(open_sandbox):
    client = open_sandbox()
    broken = ORDER | {"Contact": {"Name": "Supplier 09"}}
    first = client.put("PurchaseOrders", broken, Idempotency_Key="k")
    client.sign_in(scope="accounting.contacts accounting.invoices")
    client.put("Contacts", {"Name": "Supplier 09"})
    second = client.put("PurchaseOrders", broken, Idempotency_Key="k")
    assert (first.status_code, second.status_code, second.content) == (400, 400, first.content)


def test_a_key_longer_than_128_characters_is_refused(open_sandbox):
    client = open_sandbox()
    assert client.put("PurchaseOrders", ORDER, Idempotency_Key="k" * 129).status_code == 400
    assert client.rows("PurchaseOrders") == []


def test_a_replay_costs_a_call(open_sandbox):
    client = open_sandbox(clock=Clock(LONG_AGO))
    left = [
        int(client.put("PurchaseOrders", ORDER, Idempotency_Key="k").headers["x-daylimit-remaining"]) for _ in range(2)
    ]
    assert left == [4999, 4998]
