"""Many requests at once lose nothing: each is answered, each write is in the store once, and others can still sign in.

SOAK_SECONDS says for how long. The rate is what the machine gives; the sentence at the end of the run says it.
"""

import asyncio
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
from urllib.parse import urlencode

import httpx2
import pytest

from pipelines.settings import read_settings
from pipelines.store.desk_access.desk_roles import roles_given
from pipelines.store.engine import open_store
from planner.security.sessions import now, open_sessions
from tests.planner.conftest import KEY

CONNECTIONS = 20
ONE_WRITE_IN = 20


@dataclass
class Desk:
    """A desk in a process of its own, and a browser that is signed in to it."""

    home: Path
    port: int
    address: str
    process: int
    headers: dict[str, str] = field(default_factory=dict)

    def cpu_seconds(self) -> float:
        """What its process has used so far."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def sign_in(self) -> None:
        token = self.address.rpartition("#")[2]
        with httpx2.Client(base_url=f"http://127.0.0.1:{self.port}") as client:
            answer = client.post("/sign-in", content=f"token={token}")
            assert answer.status_code == 303
            cookie = answer.headers["set-cookie"].partition(";")[0]
        session = open_sessions(self.home / "planner").opened(cookie.partition("=")[2], at=now())
        assert session is not None
        self.headers = {"Cookie": cookie, "X-Desk-Token": session.forgery_token, "Host": f"127.0.0.1:{self.port}"}


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
            yield Desk(home, port, address, run.pid)
        finally:
            run.terminate()


def _wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)


async def ask(desk: Desk, number: int, until: float, statuses: Counter[int], written: set[str]) -> None:
    """One browser after another question, on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", desk.port)
    count = 0
    while time.monotonic() < until:
        count += 1
        person = f"p{number}-{count}"
        is_write = count % ONE_WRITE_IN == 0
        body = urlencode({"person": person, "role": "viewer", "idem": person}) if is_write else ""
        path = f"/o/{KEY}/people/give" if is_write else "/api/v1/organisations"
        lines = [f"{'POST' if is_write else 'GET'} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in desk.headers.items())]
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}", "", body]
        writer.write("\r\n".join(lines).encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        await reader.readexactly(int(head.partition("content-length: ")[2].partition("\r\n")[0]))
        status = int(head.split()[1])
        statuses[status] += 1
        if is_write and status == 200:
            written.add(person)
    writer.close()


async def ask_much(desk: Desk, seconds: float) -> tuple[Counter[int], set[str]]:
    statuses, written, until = Counter[int](), set[str](), time.monotonic() + seconds
    await asyncio.gather(*(ask(desk, number, until, statuses, written) for number in range(CONNECTIONS)))
    return statuses, written


@pytest.mark.soak
def test_a_minute_of_many_requests_loses_nothing(desk: Desk, measured: Callable[[str], None]) -> None:
    desk.sign_in()
    seconds = float(os.environ.get("SOAK_SECONDS", "60"))
    begun = desk.cpu_seconds()
    statuses, written = asyncio.run(ask_much(desk, seconds))
    with closing(open_store(read_settings({"STOCKTRIM_HOME": str(desk.home)}).database_url)) as store:
        kept = {one.person for one in roles_given(store)}
    rate = statuses.total() / seconds
    cost = (desk.cpu_seconds() - begun) / statuses.total() * 1_000
    measured(
        f"{rate:.0f} requests a second for {seconds:.0f} s, {len(written)} of them writes, {cost:.1f} CPU ms each; "
        f"answers: {dict(statuses)}"
    )
    assert written
    assert set(statuses) == {200}
    assert kept == written
    with httpx2.Client(base_url=f"http://127.0.0.1:{desk.port}", headers=desk.headers) as client:
        assert client.get(f"/o/{KEY}/plan").status_code == 200
