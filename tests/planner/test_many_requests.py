"""More requests than a desk can answer lose nothing: each ends well, each write is done once, and others get in.

A thousand a second are offered, SOAK_SECONDS long; the sentence at the end of the run says what the desk gave.
"""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import httpx2
import pytest

from pipelines.settings import read_settings
from pipelines.store.desk_access.desk_roles import roles_given
from pipelines.store.engine import open_store
from planner.frame.few_at_once import BUSY, MOST_OF_ONE, FewAtOnce
from planner.security.sessions import now, open_sessions
from tests.planner.conftest import KEY
from tests.planner.flood import ONE_WRITE_IN, Flood

RATE = 1_000
LONGEST_SECONDS = 120


@dataclass
class Desk:
    """A desk in a process of its own, and a browser that is signed in to it."""

    home: Path
    port: int
    address: str
    process: int
    output: IO[str]
    headers: dict[str, str] = field(default_factory=dict)

    def cpu_seconds(self) -> float:
        """What its process has used so far."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mib(self) -> float:
        """What its process holds of its own."""
        rollup = Path(f"/proc/{self.process}/smaps_rollup").read_text()
        return int(rollup.partition("Anonymous:")[2].split()[0]) / 1024

    def sign_in(self) -> None:
        token = self.address.rpartition("#")[2]
        with httpx2.Client(base_url=f"http://127.0.0.1:{self.port}") as client:
            answer = client.post("/sign-in", content=f"token={token}")
            assert answer.status_code == 303
            cookie = answer.headers["set-cookie"].partition(";")[0]
        session = open_sessions(self.home / "planner").opened(cookie.partition("=")[2], at=now())
        assert session is not None
        self.headers = {"Cookie": cookie, "X-Desk-Token": session.forgery_token, "Host": f"127.0.0.1:{self.port}"}
        self.address = next(line for line in self.output if "sign-in#" in line).split()[-1]


@pytest.fixture
def desk(desk_home: Path, tmp_path: Path) -> Iterator[Desk]:
    home = Path(shutil.copytree(desk_home, tmp_path / "home"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("stocktrim")), "planner", "--no-browser", "--port", str(port)]
    environment = os.environ | {"STOCKTRIM_HOME": str(home), "STOCKTRIM_USER": "anna bell"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:  # noqa: S603, our own
        try:
            assert run.stdout is not None
            address = next(line for line in run.stdout if "sign-in#" in line).split()[-1]
            _wait_for(port)
            yield Desk(home, port, address, run.pid, run.stdout)
        finally:
            run.terminate()


def _wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)


def flooded(desk: Desk, count: int) -> Flood:
    """A desk after so many requests; nobody who is not part of them was kept out meanwhile, or is afterwards."""
    desk.sign_in()
    flood = Flood(desk.port, desk.headers, KEY)

    async def offer_while_a_stranger_looks_in() -> int:
        offering = asyncio.create_task(flood.offer(count, RATE))
        await asyncio.sleep(count / RATE / 2)
        begun = time.monotonic()
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{desk.port}", timeout=LONGEST_SECONDS) as client:
            status = (await client.get("/sign-in")).status_code
        flood.stranger_waited = time.monotonic() - begun
        await offering
        return status

    assert asyncio.run(offer_while_a_stranger_looks_in()) == 200
    desk.sign_in()
    address = f"http://127.0.0.1:{desk.port}"
    with httpx2.Client(base_url=address, headers=desk.headers, timeout=LONGEST_SECONDS) as client:
        assert client.get(f"/o/{KEY}/plan").status_code == 200
        assert client.post(f"/o/{KEY}/people/give", data={"person": "late", "role": "viewer"}).status_code == 200
    return flood


def assert_each_is_done_once(desk: Desk, flood: Flood, count: int) -> None:
    with closing(open_store(read_settings({"STOCKTRIM_HOME": str(desk.home)}).database_url)) as store:
        kept = {one.person for one in roles_given(store)}
    logs = sorted((desk.home / "planner").glob("security.log*"))
    noted = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
    done = Counter(line["person"] for line in noted if line["event"] == "role_given")
    assert flood.failed == []
    assert len(flood.seconds) == count
    assert flood.written == {f"p{number}" for number in range(0, count, ONE_WRITE_IN)}
    assert kept == flood.written | {"late"}
    assert done == Counter(kept)


def test_more_than_a_desk_can_answer_ends_well_for_everybody(desk: Desk) -> None:
    count = 400
    assert_each_is_done_once(desk, flooded(desk, count), count)


@pytest.mark.soak
def test_a_minute_of_a_thousand_requests_a_second_loses_nothing(desk: Desk, measured: Callable[[str], None]) -> None:
    count = int(float(os.environ.get("SOAK_SECONDS", "60")) * RATE)
    before, begun = desk.cpu_seconds(), time.monotonic()
    flood = flooded(desk, count)
    took, cpu = time.monotonic() - begun, desk.cpu_seconds() - before
    measured(
        f"{count:,} requests offered in {flood.offered_for:.0f} s, {len(flood.written):,} of them writes; all done "
        f"after {took:.0f} s, {count / took:.0f} a second, {cpu / count * 1_000:.1f} CPU ms each; p50 "
        f"{flood.percentile(50):.2f} s, p99 {flood.percentile(99):.1f} s; a stranger's page after "
        f"{flood.stranger_waited:.1f} s; answers {dict(flood.statuses)}; "
        f"{desk.memory_mib():.0f} MiB afterwards"
    )
    assert_each_is_done_once(desk, flood, count)


def test_who_comes_on_top_is_told_to_come_again_and_others_are_let_in() -> None:
    async def app(*_: object) -> None:
        await asyncio.sleep(3600)

    async def go() -> list[dict]:
        layer, sent = FewAtOnce(app), []

        async def keep(message) -> None:
            sent.append(message)

        async def nothing() -> dict:
            return {}

        def ask(cookie: bytes, path: str = "/o/acme/plan") -> asyncio.Task:
            headers = [(b"cookie", cookie), (b"sec-fetch-mode", b"navigate")]
            scope = {"type": "http", "method": "GET", "path": path, "headers": headers}
            return asyncio.ensure_future(layer(scope, nothing, keep))

        at_work = [ask(b"one") for _ in range(MOST_OF_ONE)]
        await asyncio.sleep(0)
        assert sent == []
        await ask(b"one")
        other = ask(b"other")
        await asyncio.sleep(0)
        assert not other.done()
        for task in [*at_work, other]:
            task.cancel()
        await asyncio.gather(*at_work, other, return_exceptions=True)
        assert not layer._at_work
        return sent

    head, body = asyncio.run(go())
    assert head["status"] == 503
    assert {(b"retry-after", b"1"), (b"refresh", b"2")} <= set(head["headers"])
    assert body["body"].decode() == BUSY
