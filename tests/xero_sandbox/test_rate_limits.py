"""Limits in fixed windows, shown in the headers of every answer."""

from datetime import timedelta

from tests.xero_sandbox.sandbox_builders import LONG_AGO, a_world, an_organisation
from xero_sandbox.behaviour.rate_limits import Limits
from xero_sandbox.core.clock import Clock


def test_every_answer_says_what_is_left(open_sandbox):
    headers = open_sandbox(clock=Clock(LONG_AGO)).get("Items").headers
    left = [headers[f"x-{name}limit-remaining"] for name in ("min", "day", "appmin")]
    assert left == ["59", "4999", "9999"]


def test_the_call_over_the_minutes_limit_is_refused_until_the_window_ends(open_sandbox):
    client = open_sandbox(clock=Clock(LONG_AGO), limits=Limits(per_minute=3))
    assert [client.get("Items").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = client.get("Items")
    assert refused.headers["x-rate-limit-problem"] == "minute"
    client.sandbox.clock.advance(int(refused.headers["retry-after"]))
    assert client.get("Items").status_code == 200


def test_the_day_limit_leaves_the_minute_untouched(open_sandbox):
    client = open_sandbox(clock=Clock(LONG_AGO), limits=Limits(per_day=1))
    client.get("Items")
    client.sandbox.clock.advance(60)
    refused = client.get("Items")
    assert refused.headers["x-rate-limit-problem"] == "day"
    assert refused.headers["x-minlimit-remaining"] == "60"
    assert 60 < int(refused.headers["retry-after"]) <= 86_400


def test_the_apps_limit_names_no_time(open_sandbox):
    client = open_sandbox(limits=Limits(app_per_minute=0))
    refused = client.get("Items")
    assert refused.headers["x-rate-limit-problem"] == "appminute"
    assert "retry-after" not in refused.headers


def test_windows_of_organisations_end_at_times_of_their_own(open_sandbox):
    waits = []
    for name in ("Harbour Wholesale", "Second Street"):
        world = a_world(organisation=an_organisation(name))
        client = open_sandbox(world, clock=Clock(LONG_AGO), limits=Limits(per_minute=0))
        waits.append(client.get("Items").headers["retry-after"])
    assert waits[0] != waits[1]


def test_connections_count_for_the_app_only(open_sandbox):
    client = open_sandbox(limits=Limits(app_per_minute=1))
    first, second = (client.http.get("/connections", headers=client.headers) for _ in range(2))
    assert first.headers["x-appminlimit-remaining"] == "0"
    assert "x-minlimit-remaining" not in first.headers
    assert (second.status_code, second.headers["x-rate-limit-problem"]) == (429, "appminute")


def test_the_clock_is_moved_from_outside(open_sandbox):
    client = open_sandbox(clock=Clock(LONG_AGO))
    client.http.post("/_admin/clock", json={"advance_seconds": 3600})
    assert client.sandbox.clock.now() == LONG_AGO + timedelta(hours=1)
    client.http.post("/_admin/clock", json={"freeze": "2026-06-01T00:00:00"})
    assert client.http.get("/_admin/clock").json() == {"now": "2026-06-01T00:00:00+00:00"}
    assert client.http.post("/_admin/clock", json={"freeze": "soon"}).status_code == 400
