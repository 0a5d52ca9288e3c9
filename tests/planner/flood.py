"""Requests that are offered at a rate, whatever is answered: each is sent again until it is done.

One write in twenty; of the writes one in ten loses its first answer, since its client hangs up before it.
"""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from statistics import quantiles
from urllib.parse import urlencode

ONE_WRITE_IN = 20
ONE_LOST_IN = 10
ONE_PAGE_IN = 100
MOST_CONNECTIONS = 500
LONGEST_WAIT = 30
LATER = {None, 409, 429, 503}
"""Answers after which a request is sent again; None if none came."""


@dataclass
class Flood:
    """What was offered to a desk and what became of it."""

    port: int
    headers: dict[str, str]
    key: str
    statuses: Counter[int | None] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    written: set[str] = field(default_factory=set)
    failed: list[tuple[str, int | None]] = field(default_factory=list)
    offered_for: float = 0.0
    stranger_waited: float = 0.0
    free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    async def offer(self, count: int, rate: float) -> None:
        """Offer so many requests, so many a second, and wait until each is done."""
        room, begun = asyncio.Semaphore(MOST_CONNECTIONS), time.monotonic()
        async with asyncio.TaskGroup() as at_work:
            for number in range(count):
                await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
                at_work.create_task(self._until_done(number, room))
            self.offered_for = time.monotonic() - begun
        for _, writer in self.free:
            writer.close()

    def percentile(self, percent: int) -> float:
        """After how many seconds so many of a hundred requests were done, from when they were offered."""
        return quantiles(self.seconds, n=100)[percent - 1]

    async def _until_done(self, number: int, room: asyncio.Semaphore) -> None:
        is_write, begun = number % ONE_WRITE_IN == 0, time.monotonic()
        person = f"p{number}"
        body = urlencode({"person": person, "role": "viewer", "idem": person}) if is_write else ""
        page = f"/o/{self.key}/plan" if number % ONE_PAGE_IN == 1 else "/api/v1/organisations"
        path = f"/o/{self.key}/people/give" if is_write else page
        is_lost = is_write and (number // ONE_WRITE_IN) % ONE_LOST_IN == 0
        wait = 1.0
        while True:
            async with room:
                status = await self._ask("POST" if is_write else "GET", path, body, is_lost=is_lost)
            self.statuses[status] += 1
            if status not in LATER:
                break
            is_lost = False
            await asyncio.sleep(wait * (0.5 + random.random()))  # noqa: S311, no secret
            wait = min(2 * wait, 16.0)
        self.seconds.append(time.monotonic() - begun)
        if status != 200:
            self.failed.append((path, status))
        elif is_write:
            self.written.add(person)

    def _kept_open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """A connection of an earlier request that the desk has not closed."""
        while self.free:
            reader, writer = self.free.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return None

    async def _ask(self, method: str, path: str, body: str, *, is_lost: bool) -> int | None:
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers.items())]
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}", "", body]
        writer = None
        try:
            reader, writer = self._kept_open() or await asyncio.open_connection("127.0.0.1", self.port)
            writer.write("\r\n".join(lines).encode())
            await writer.drain()
            if is_lost:
                writer.close()
                return None
            async with asyncio.timeout(LONGEST_WAIT):
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                await reader.readexactly(int(head.partition("content-length: ")[2].partition("\r\n")[0]))
        except (OSError, TimeoutError, asyncio.IncompleteReadError):  # closed meanwhile, or never taken up
            if writer is not None:
                writer.close()
            return None
        if "connection: close" in head:
            writer.close()
        else:
            self.free.append((reader, writer))
        return int(head.split()[1])
