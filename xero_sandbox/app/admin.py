"""The sandbox's own addresses below /_admin/, outside Xero's: counters, clock, edits, faults, limits, switches.

What belongs here: what a test or a person may ask of the sandbox itself. What does not: anything of Xero's.
Read more in docs/sandbox.md.
"""

import re
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import orjson

from xero_sandbox.accounting_api.listing import all_records
from xero_sandbox.app.sandbox import Sandbox
from xero_sandbox.behaviour.edits import Edit
from xero_sandbox.behaviour.faults import Fault
from xero_sandbox.core.answers import JSON, Answer, Call

PREFIX: Final = "/_admin/"


def admin_answer(call: Call, sandbox: Sandbox) -> Answer:
    """The answer to an admin request; 400 says what is wrong with it."""
    name = f"{call.method} {call.path.removeprefix(PREFIX).strip('/')}"
    if name not in _ACTIONS:
        return Answer(404, orjson.dumps({"error": f"The sandbox has {', '.join(_ACTIONS)} below {PREFIX}"}))
    try:
        return _ACTIONS[name](call, sandbox)
    except (ValueError, TypeError, re.error) as unreadable:
        return Answer(400, orjson.dumps({"error": str(unreadable)}))


def _stats(_call: Call, sandbox: Sandbox) -> Answer:
    """Every request and their sums."""
    return _json(sandbox.log.stats())


def _reset_stats(_call: Call, sandbox: Sandbox) -> Answer:
    """No requests so far."""
    sandbox.log.reset()
    return Answer(204)


def _faults(_call: Call, sandbox: Sandbox) -> Answer:
    """The faults still to come."""
    return _json([msgspec.to_builtins(fault) for fault in sandbox.faults.planned])


def _plan_faults(call: Call, sandbox: Sandbox) -> Answer:
    """A list of faults; see `faults.Fault` for what each may say."""
    sandbox.faults.plan(msgspec.json.decode(call.body, type=list[Fault]))
    return Answer(204)


def _reset_faults(_call: Call, sandbox: Sandbox) -> Answer:
    """No more faults."""
    sandbox.faults.reset()
    return Answer(204)


def _edit(call: Call, sandbox: Sandbox) -> Answer:
    """A list of edits; see `edits` for what each may say. The answer is Xero's to each: a status and a body."""
    answers = sandbox.edit(msgspec.json.decode(call.body, type=list[Edit]))
    return _json([{"status": answer.status, "body": _body(answer)} for answer in answers])


def _books(call: Call, sandbox: Sandbox) -> Answer:
    """All that an organisation holds, whole, as records by list; of the first unless `organisation` names one."""
    tenant_id = (call.parameter("organisation") or sandbox.worlds[0].organisation.tenant_id).lower()
    if tenant_id not in sandbox.books:
        raise ValueError(f"There is no organisation {tenant_id}")
    return _json(all_records(sandbox.books[tenant_id]))


def _set_limits(call: Call, sandbox: Sandbox) -> Answer:
    """Some of the limits by name; the answer is all of them."""
    wish = msgspec.json.decode(call.body, type=dict[str, int])
    sandbox.throttle.limits = replace(sandbox.throttle.limits, **wish)
    return _json(asdict(sandbox.throttle.limits))


def _set_switches(call: Call, sandbox: Sandbox) -> Answer:
    """Some of the switches by name, each true or false; the answer is all of them."""
    wish = msgspec.json.decode(call.body, type=dict[str, bool])
    known = vars(sandbox.switches)
    if not wish.keys() <= known.keys():
        raise ValueError(f"The switches are {', '.join(known)}")
    known.update(wish)
    return _json(known)


def _clock(_call: Call, sandbox: Sandbox) -> Answer:
    """The sandbox's time."""
    return _json({"now": sandbox.clock.now().isoformat()})


def _set_clock(call: Call, sandbox: Sandbox) -> Answer:
    """Move, stop or start the clock, or let answers show another time than stamps; the answer is the new time."""
    wish = msgspec.json.decode(call.body, type=ClockWish)
    clock = sandbox.clock
    clock.advance(wish.advance_seconds)
    if wish.freeze:
        clock.freeze(None if wish.freeze is True else _aware(wish.freeze))
    if wish.run:
        clock.run()
    if wish.answer_skew_seconds is not None:
        clock.answer_skew = timedelta(seconds=wish.answer_skew_seconds)
    if wish.header_skew_seconds is not None:
        clock.header_skew = timedelta(seconds=wish.header_skew_seconds)
    return _clock(call, sandbox)


def _reset(_call: Call, sandbox: Sandbox) -> Answer:
    """The organisations as they were when the sandbox started."""
    sandbox.reset()
    return Answer(204)


class ClockWish(msgspec.Struct, forbid_unknown_fields=True):
    """What is asked of the clock; `freeze` at an instant, or at the present one where it is true."""

    advance_seconds: float = 0.0
    freeze: datetime | bool = False
    run: bool = False
    answer_skew_seconds: float | None = None
    header_skew_seconds: float | None = None


def _aware(instant: datetime) -> datetime:
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _body(answer: Answer) -> Any:
    return orjson.loads(answer.body) if answer.body and answer.media_type == JSON else answer.body.decode()


def _json(value: Any) -> Answer:
    return Answer(200, orjson.dumps(value))


_ACTIONS: Final[dict[str, Callable[[Call, Sandbox], Answer]]] = {
    "GET stats": _stats,
    "POST stats/reset": _reset_stats,
    "GET clock": _clock,
    "POST clock": _set_clock,
    "GET faults": _faults,
    "POST faults": _plan_faults,
    "POST faults/reset": _reset_faults,
    "POST edits": _edit,
    "GET books": _books,
    "POST limits": _set_limits,
    "POST switches": _set_switches,
    "POST reset": _reset,
}
