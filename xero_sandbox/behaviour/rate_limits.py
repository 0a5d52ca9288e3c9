"""Xero's rate limits: calls at once, a minute and a day of each organisation, and a minute of the whole app.

What belongs here: counting in fixed windows, the headers that say what is left, the 429.
What does not: which requests count (`xero_sandbox/app/sandbox.py`).
Read more in docs/sandbox.md.
"""

import zlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from xero_sandbox.core.answers import TEXT, Answer, Refusal
from xero_sandbox.core.clock import Clock

MINUTE: Final = 60
DAY: Final = 86_400
_LEFT: Final = {"minute": "X-MinLimit-Remaining", "day": "X-DayLimit-Remaining", "appminute": "X-AppMinLimit-Remaining"}


@dataclass(frozen=True)
class Limits:
    """How many calls Xero allows."""

    concurrent: int = 5
    per_minute: int = 60
    per_day: int = 5_000
    app_per_minute: int = 10_000


@dataclass
class _Window:
    """Calls in the running window of a fixed length that began at its own offset."""

    seconds: int
    offset: int
    number: int = -1
    count: int = 0

    def used(self, now: datetime) -> int:
        number = int(now.timestamp() + self.offset) // self.seconds
        if number != self.number:
            self.number, self.count = number, 0
        return self.count

    def seconds_left(self, now: datetime) -> int:
        return self.seconds - int(now.timestamp() + self.offset) % self.seconds


@dataclass
class _Tenant:
    minute: _Window
    day: _Window
    running: int = 0


@dataclass
class Throttle:
    """Counts calls and refuses those over a limit; each organisation's windows reset at times of their own."""

    limits: Limits
    clock: Clock
    _app: _Window = field(default_factory=lambda: _Window(MINUTE, 0))
    _tenants: dict[str, _Tenant] = field(default_factory=dict)

    def admit(self, tenant_id: str) -> None:
        """Count a call in, or refuse it naming the limit; what was counted in must be counted out by `leave`."""
        tenant, now = self._tenant(tenant_id), self.clock.now()
        problem = self._problem(tenant, now)
        if problem is not None:
            raise Refusal(self.refusal(tenant_id, problem))
        tenant.running += 1
        for window in (tenant.minute, tenant.day, self._app):
            window.count += 1

    def refusal(self, tenant_id: str, problem: str, *, retry_after: int | None = None) -> Answer:
        """A 429 of one limit: nothing is left of it; only a minute and a day say when to come back."""
        tenant = self._tenant(tenant_id)
        headers = self.remaining(tenant_id) | {"X-Rate-Limit-Problem": problem}
        if problem in _LEFT:
            headers[_LEFT[problem]] = "0"
        windows = {"minute": tenant.minute, "day": tenant.day}
        if problem in windows:
            wait = windows[problem].seconds_left(self.clock.now()) if retry_after is None else retry_after
            headers["Retry-After"] = str(wait)
        return Answer(429, b"", TEXT, headers)

    def admit_to_app(self) -> dict[str, str]:
        """Count a call in that names no organisation; the header that says what is left."""
        now = self.clock.now()
        if self._app.used(now) >= self.limits.app_per_minute:
            headers = self.app_remaining() | {"X-Rate-Limit-Problem": "appminute"}
            raise Refusal(Answer(429, b"", TEXT, headers))
        self._app.count += 1
        return self.app_remaining()

    def leave(self, tenant_id: str) -> None:
        """A call that was admitted has been answered."""
        self._tenant(tenant_id).running -= 1

    def remaining(self, tenant_id: str) -> dict[str, str]:
        """The headers that say what is left."""
        tenant, now = self._tenant(tenant_id), self.clock.now()
        return self.app_remaining() | {
            "X-MinLimit-Remaining": str(max(self.limits.per_minute - tenant.minute.used(now), 0)),
            "X-DayLimit-Remaining": str(max(self.limits.per_day - tenant.day.used(now), 0)),
        }

    def app_remaining(self) -> dict[str, str]:
        """The header of calls that name no organisation."""
        left = self.limits.app_per_minute - self._app.used(self.clock.now())
        return {"X-AppMinLimit-Remaining": str(max(left, 0))}

    def _problem(self, tenant: _Tenant, now: datetime) -> str | None:
        if tenant.running >= self.limits.concurrent:
            return "concurrent"
        if tenant.day.used(now) >= self.limits.per_day:
            return "day"
        if tenant.minute.used(now) >= self.limits.per_minute:
            return "minute"
        return "appminute" if self._app.used(now) >= self.limits.app_per_minute else None

    def _tenant(self, tenant_id: str) -> _Tenant:
        if tenant_id not in self._tenants:
            offset = zlib.crc32(tenant_id.encode())
            self._tenants[tenant_id] = _Tenant(_Window(MINUTE, offset % MINUTE), _Window(DAY, offset % DAY))
        return self._tenants[tenant_id]
