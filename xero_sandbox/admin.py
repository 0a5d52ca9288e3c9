"""The sandbox's own addresses below /_admin/, outside Xero's: counters and the clock.

What belongs here: what a test or a person may ask of the sandbox itself. What does not: anything of Xero's.
Read more in docs/sandbox.md.
"""

from datetime import UTC, datetime
from typing import Any, Final

import orjson

from xero_sandbox.answers import Answer, Call
from xero_sandbox.sandbox import Sandbox

PREFIX: Final = "/_admin/"


def admin_answer(call: Call, sandbox: Sandbox) -> Answer:
    """The answer to an admin request; 400 says what is wrong with it."""
    match call.method, call.path.removeprefix(PREFIX).strip("/"):
        case "GET", "stats":
            return _json(sandbox.log.stats())
        case "POST", "stats/reset":
            sandbox.log.reset()
            return Answer(204)
        case "GET", "clock":
            return _json({"now": sandbox.clock.now().isoformat()})
        case "POST", "clock":
            return _set_clock(call, sandbox)
        case _:
            return Answer(404, orjson.dumps({"error": f"The sandbox has no {call.method} {call.path}"}))


def _set_clock(call: Call, sandbox: Sandbox) -> Answer:
    """`{"advance_seconds": 60}`, `{"freeze": true}`, `{"freeze": "2026-01-05T00:00:00Z"}` or `{"run": true}`."""
    try:
        wish = orjson.loads(call.body)
        if "advance_seconds" in wish:
            sandbox.clock.advance(float(wish["advance_seconds"]))
        if "freeze" in wish:
            sandbox.clock.freeze(_instant(wish["freeze"]))
    except (ValueError, TypeError) as unreadable:
        return Answer(400, orjson.dumps({"error": str(unreadable)}))
    if wish.get("run"):
        sandbox.clock.run()
    return _json({"now": sandbox.clock.now().isoformat()})


def _instant(value: Any) -> datetime | None:
    """The instant of a text, None for `true`: the present one."""
    if value is True:
        return None
    found = datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _json(value: Any) -> Answer:
    return Answer(200, orjson.dumps(value))
