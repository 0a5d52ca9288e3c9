"""`stocktrim load`: what it says it took, a replay of what it kept, and a day's limit that is remembered."""

from tests.end_to_end.conftest import Planned
from xero_sandbox.behaviour.faults import Fault


def test_a_load_says_what_it_took_can_be_replayed_and_keeps_to_the_days_limit(planned: Planned) -> None:
    stocktrim, sandbox = planned.stocktrim, planned.sandbox
    sandbox.sandbox.log.reset()
    first = stocktrim("load", "--json")
    assert first.code == 0, first.err
    answered = [
        one for one in sandbox.stats()["requests"] if one["path"].startswith("/api.xro/") if one["status"] == 200
    ]
    assert first.json()["calls"] == len(answered) == 4  # beside them, the token of the sandbox before this one

    sandbox.sandbox.log.reset()
    replayed = stocktrim("load", "--replay", first.json()["load_id"])
    assert replayed.code == 0, replayed.err
    assert sandbox.stats()["counts"]["accounting_requests"] == 0
    assert stocktrim("load", "--replay", "never").code == 2

    sandbox.fault(Fault(kind="rate_limit", path="/Items", problem="day", retry_after=40_000))
    limited = stocktrim("load")
    assert limited.code == 5, limited.err
    assert "UTC" in limited.err.splitlines()[-1]
    sandbox.sandbox.log.reset()
    again = stocktrim("load")
    assert (again.code, again.err.splitlines()[-1]) == (5, limited.err.splitlines()[-1])
    assert sandbox.stats()["counts"]["accounting_requests"] == 0
