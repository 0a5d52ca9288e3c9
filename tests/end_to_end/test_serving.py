"""What runs for weeks: the sandbox, Dagster's web server and its daemon, started as a person starts them."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from benchmarks.made_up_plans import connect_made_up
from pipelines.settings import read_settings
from planner.runs.run_record import Job
from tests.end_to_end.conftest import HOME, KEY, Command
from tests.planner.conftest import Visitor, visitor_of
from xero_sandbox.core.documents import World
from xero_sandbox.core.state import save_worlds

LOCATION = {"repositoryLocationName": "stocktrim_assets", "repositoryName": "__repository__"}
LAUNCH = """mutation($p: ExecutionParams!) { launchRun(executionParams: $p) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
MESSAGES = """query($id: ID!) { logsForRun(runId: $id) { ... on EventConnection { events { ... on MessageEvent {
  message } } } } }"""
STATUS = """query($id: ID!) { runOrError(runId: $id) { ... on Run { status stepStats { stepKey status } } } }"""
CANCEL = """mutation($id: String!) { terminateRun(runId: $id) { __typename } }"""
RUNS_OF_JOB = """query($f: RunsFilter!) { runsOrError(filter: $f) { ... on Runs { results {
  pipelineName status repositoryOrigin { repositoryName repositoryLocationName } } } } }"""
START_SENSOR = """mutation($s: SensorSelector!) { startSensor(sensorSelector: $s) { __typename } }"""
TICKS = """query($s: SensorSelector!) { sensorOrError(sensorSelector: $s) {
  ... on Sensor { sensorState { ticks(limit: 20) { status error { message } } } } } }"""
STARTED_PROCESS = re.compile(r"Started process for run \(pid: (\d+)\)")
OTHER = "another"
SENSOR = {**LOCATION, "sensorName": "approved_orders"}


@dataclass(frozen=True)
class Served:
    """`stocktrim serve` as it runs, and the command beside it."""

    stocktrim: Command
    dagster: str
    sandbox: str
    desk: str

    def ask(self, query: str, **variables: Any) -> Any:
        answer = httpx2.post(f"{self.dagster}/graphql", json={"query": query, "variables": variables}, timeout=60)
        return answer.raise_for_status().json()["data"]

    def edit(self, edit: dict[str, Any]) -> None:
        """Let someone edit in Xero's own pages."""
        answer = httpx2.post(f"{self.sandbox}/_admin/edits", json=[edit]).raise_for_status()
        assert [edited["status"] for edited in answer.json()] == [200]

    def launch(self, job: str, *, rebuild: bool = False) -> str:
        tags = [{"key": "dagster/partition", "value": KEY}]
        parameters = {
            "selector": {**LOCATION, "pipelineName": job},
            "executionMetadata": {"tags": tags},
            "runConfigData": {"resources": {"organisation": {"config": {"rebuild": rebuild}}}},
        }
        launched = self.ask(LAUNCH, p=parameters)["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return launched["run"]["runId"]

    def status(self, run: str) -> str:
        return self.ask(STATUS, id=run)["runOrError"]["status"]

    def steps(self, run: str) -> dict[str, str]:
        steps = self.ask(STATUS, id=run)["runOrError"]["stepStats"]
        return {step["stepKey"]: step["status"] for step in steps}

    def process(self, run: str) -> int:
        """The process of a run, which is a fork of the one that serves."""
        events = self.ask(MESSAGES, id=run)["logsForRun"]["events"]
        (number,) = (found[1] for event in events if (found := STARTED_PROCESS.match(event.get("message", ""))))
        return int(number)

    def wait_for(self, run: str) -> str:
        return until(lambda: self.status(run), lambda status: status in {"SUCCESS", "FAILURE", "CANCELED"})


def until(look: Callable[[], Any], is_enough: Callable[[Any], bool], *, patience_seconds: float = 180) -> Any:
    deadline = time.monotonic() + patience_seconds
    while not is_enough(seen := look()):
        assert time.monotonic() < deadline, f"still {seen!r}"
        time.sleep(0.5)
    return seen


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in sockets]
    for listener in sockets:
        listener.close()
    return ports


@pytest.fixture(scope="module")
def served(planned_home: Path, wholesaler: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("served") / HOME
    shutil.copytree(planned_home, home, symlinks=True)
    save_worlds([wholesaler], home / "sandbox")
    sandbox_port, dagster_port, desk_port = free_ports(3)
    # A shell starts background jobs deaf to Ctrl-C, by which Dagster cancels a run: serve must hear it all the same.
    command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-m", "stocktrim_cli.main", "serve"]
    command += ["--sandbox-port", str(sandbox_port), "--dagster-port", str(dagster_port)]
    command += ["--desk-port", str(desk_port)]
    environment = {**os.environ, "STOCKTRIM_HOME": str(home), "STOCKTRIM_USER": "anna"}
    log = home / "served.log"
    with (
        pytest.MonkeyPatch.context() as patch,
        log.open("wb") as out,
        subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT) as process,  # noqa: S603, ours
    ):
        try:
            until(log.read_text, lambda result: "Dagster: http" in result or process.poll() is not None)
            addresses = [f"http://127.0.0.1:{port}" for port in (dagster_port, sandbox_port, desk_port)]
            served = Served(Command(home, patch), *addresses)
            assert served.ask(START_SENSOR, s=SENSOR)["startSensor"]["__typename"] == "Sensor"
            yield served
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
    assert process.returncode == 0, log.read_text()[-2000:]
    for port in (sandbox_port, dagster_port, desk_port):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=1)


def test_the_desk_is_served_too_at_the_address_that_is_printed(served: Served) -> None:
    log = served.stocktrim.home / "served.log"
    printed = until(log.read_text, lambda text: f"The desk: {served.desk}/sign-in#" in text)
    token = printed.partition(f"{served.desk}/sign-in#")[2].split()[0]
    with httpx2.Client(base_url=served.desk, follow_redirects=True, timeout=60) as browser:
        until(lambda: _is_open(served.desk), bool)
        assert "to order" in browser.post("/sign-in", data={"token": token}).text
        assert "does not answer" not in browser.get(f"/o/{KEY}/runs/present").text


def _is_open(address: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(address.rpartition(":")[2]))) == 0


def test_the_pages_of_a_job_and_the_timeline_show_runs_from_a_terminal(served: Served) -> None:
    of_location = {"key": ".dagster/repository", "value": "__repository__@stocktrim_assets"}
    for job in ("load", "plan"):
        shown = served.ask(RUNS_OF_JOB, f={"pipelineName": job, "tags": [of_location]})["runsOrError"]["results"]
        assert shown == [{"pipelineName": job, "status": "SUCCESS", "repositoryOrigin": LOCATION}]


def test_a_run_cancelled_or_killed_while_dbt_works_leaves_the_snapshot_and_the_next_one_loads_and_plans(
    served: Served, wholesaler: World
) -> None:
    """What they read from Xero is built by the next run, which rebuilds only what changed."""
    before, item = served.stocktrim.snapshot(), next(iter(wholesaler.items.values()))
    renamed = {"ItemID": item.item_id, "Code": item.code, "Name": "Another name"}
    served.edit({"do": "write", "path": f"Items/{item.item_id}", "body": renamed})
    for ending in ("CANCELED", "FAILURE"):
        run = served.launch("load", rebuild=True)
        until(partial(served.steps, run), lambda seen: "warehouse_models" in seen)
        if ending == "CANCELED":
            assert served.ask(CANCEL, id=run)["terminateRun"]["__typename"] == "TerminateRunSuccess"
        else:
            os.kill(served.process(run), signal.SIGKILL)
        assert served.wait_for(run) == ending
    assert served.stocktrim.snapshot() == before
    assert served.wait_for(served.launch("load_and_plan")) == "SUCCESS"
    assert served.stocktrim.snapshot() != before
    assert "Another name" in served.stocktrim.published("products")["product_name"]


def test_the_sensor_sends_what_was_approved_also_after_a_tick_that_failed(served: Served) -> None:
    def ticks() -> list[str]:
        return [tick["status"] for tick in served.ask(TICKS, s=SENSOR)["sensorOrError"]["sensorState"]["ticks"]]

    until(ticks, lambda seen: "SKIPPED" in seen)
    store = served.stocktrim.home / "stocktrim.sqlite"
    kept = store.rename(store.with_suffix(".away"))
    store.write_bytes(b"this is no database" * 100)
    until(ticks, lambda seen: "FAILURE" in seen)
    kept.rename(store)

    order = served.stocktrim("orders", "list", "--state", "draft", "--json").json()[0]
    assert served.stocktrim("orders", "approve", order["order_id"], "--by", "a buyer").code == 0
    sent = until(
        lambda: served.stocktrim("orders", "show", order["order_id"], "--json").json(),
        lambda result: result["state"] == "sent",
    )
    answer = httpx2.get(f"{served.sandbox}/_admin/stats").json()
    puts = [call for call in answer["requests"] if call["method"] == "PUT" and call["path"].endswith("/PurchaseOrders")]
    assert len(puts) == 1
    assert sent["purchase_order_number"].startswith("RP-")


@pytest.fixture(scope="module")
def at_the_desk(served: Served) -> Iterator[Visitor]:
    """Anna at a desk over the served home; another organisation is connected too."""
    environment = {"STOCKTRIM_HOME": str(served.stocktrim.home), "STOCKTRIM_DAGSTER_URL": served.dagster}
    settings = read_settings(environment)
    connect_made_up(settings, OTHER, "Another company")
    for visitor in visitor_of(settings):
        yield visitor.sign_in()


def nothing_is_at_work(at_the_desk: Visitor) -> None:
    """Wait until the runs of the tests before have ended."""
    until(lambda: at_the_desk.client.get(f"/o/{KEY}/runs/present"), lambda seen: "every 1s" not in seen.text)


def test_a_plan_started_at_the_desk_is_a_run_of_dagster_and_ends_in_a_sentence(
    served: Served, at_the_desk: Visitor
) -> None:
    """A second press shows the first; the page of before the plan goes on with its snapshot."""
    runs = f"/o/{KEY}/runs"
    nothing_is_at_work(at_the_desk)
    before = served.stocktrim.snapshot()
    started = at_the_desk.client.post(runs, data={"job": "load_and_plan"}, headers=at_the_desk.word)
    (run,) = set(re.findall(rf"{runs}/([0-9a-f-]{{36}})\"", started.text))
    assert "started by anna" in started.text
    assert 'hx-trigger="every 1s"' in started.text
    second = at_the_desk.client.post(runs, data={"job": "plan"}, headers=at_the_desk.word)
    assert "Nothing new was started" in second.text
    assert run in second.text
    assert run in at_the_desk.text(f"{runs}/present")
    ended = until(lambda: at_the_desk.client.get(f"{runs}/{run}"), lambda seen: "every 1s" not in seen.text)
    assert ended.headers["HX-Trigger"] == "run-ended"
    assert "Planned: " in ended.text
    assert f'href="{served.dagster}/runs/{run}"' in ended.text
    tags = served.ask("query($id: ID!) { runOrError(runId: $id) { ... on Run { tags { key value } } } }", id=run)
    assert {"key": "stocktrim/by", "value": "anna"} in tags["runOrError"]["tags"]
    assert served.stocktrim.snapshot() != before
    assert "to order" in at_the_desk.text(f"/o/{KEY}/")
    assert "Records that the last load of this read" in at_the_desk.text(f"/o/{KEY}/data")


def test_a_run_belongs_to_its_organisation_and_one_that_fails_says_why(served: Served, at_the_desk: Visitor) -> None:
    desk, path = at_the_desk.desk, f"/api/v1/organisations/{KEY}/runs"
    nothing_is_at_work(at_the_desk)
    failing, is_new = desk.runs.start(
        KEY, Job.LOAD, by="anna", config={"load_from_xero": {"replay": "20000101T000000Z-000000"}}
    )
    assert is_new
    assert served.wait_for(failing.run_id) == "FAILURE"
    answer = at_the_desk.client.get(f"{path}/{failing.run_id}").json()
    assert (answer["state"], answer["by"]) == ("failed", "anna")
    assert answer["sentence"].startswith("No load '20000101T000000Z-000000' is kept")
    listed = at_the_desk.client.get(path, params={"limit": 1}).json()
    assert [run["run_id"] for run in listed["runs"]] == [failing.run_id]
    further = at_the_desk.client.get(path, params={"limit": 1, "cursor": listed["next_cursor"]}).json()
    assert further["runs"][0]["run_id"] != failing.run_id
    for other in (f"/o/{OTHER}/runs/{failing.run_id}", f"/api/v1/organisations/{OTHER}/runs/{failing.run_id}"):
        assert at_the_desk.client.get(other).status_code == 404
    assert at_the_desk.client.get(f"/api/v1/organisations/{OTHER}/runs").json()["runs"] == []
