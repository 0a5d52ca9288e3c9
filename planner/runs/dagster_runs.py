"""The runs of an organisation: which there are, how far one is, and starting one.

What belongs here: the questions to Dagster. What does not: what the answers are in words (`run_sentences.py`).
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from threading import Lock
from typing import Any, Final

from pipelines.errors import PlannerError, UsageError
from pipelines.organisations.run_words import STARTED_BY
from planner.runs.graphql import GraphQL
from planner.runs.run_record import AT_WORK, PARTITION, Job, RunRecord, RunStage, run_of

LOCATION: Final = {"repositoryLocationName": "stocktrim_assets", "repositoryName": "__repository__"}
PARTITIONS: Final = "organisation"
MOST_LISTED: Final = 100
_RUN: Final = """runId jobName status creationTime startTime endTime tags { key value }
  stepStats { stepKey startTime endTime }"""
_RUNS: Final = f"""query($filter: RunsFilter!, $most: Int!, $after: String) {{
  runsOrError(filter: $filter, limit: $most, cursor: $after) {{ ... on Runs {{ results {{ {_RUN} }} }} }} }}"""
_ONE: Final = f"""query($id: ID!) {{ runOrError(runId: $id) {{ __typename ... on Run {{ {_RUN}
  executionPlan {{ steps {{ key }} }} }} }} }}"""
_MADE: Final = """query($id: ID!) { runOrError(runId: $id) { ... on Run { stepStats { materializations {
  assetKey { path } metadataEntries { label
    ... on IntMetadataEntry { intValue } ... on JsonMetadataEntry { jsonString } } } } } } }"""
_FAILURES: Final = """query($id: ID!) { logsForRun(runId: $id) { ... on EventConnection { events { __typename
  ... on ExecutionStepFailureEvent { failureMetadata { description } error { message } }
  ... on RunFailureEvent { message } } } } }"""
_LAUNCH: Final = """mutation($parameters: ExecutionParams!) { launchRun(executionParams: $parameters) { __typename
  ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
  ... on RunConfigValidationInvalid { errors { message } } } }"""
_ADD: Final = """mutation($key: String!, $name: String!, $where: RepositorySelector!) {
  addDynamicPartition(partitionKey: $key, partitionsDefName: $name, repositorySelector: $where) { __typename } }"""
_RUN_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class NoSuchRunError(UsageError):
    """The organisation has no such run."""

    def __init__(self) -> None:
        super().__init__("There is no such load or plan here.")


class DagsterRuns:
    """The runs of Dagster's web server at an address."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._graphql = GraphQL(address)
        self._starting = Lock()

    def runs(self, key: str, *, most: int, after: str | None = None) -> list[RunRecord]:
        """The runs of an organisation, the newest first.

        Raises:
            DagsterDownError: Dagster does not answer.
        """
        return self._found(key, most=most, after=after)

    def at_work(self, key: str) -> RunRecord | None:
        """The run of an organisation that works or waits; of several the one that was asked for first."""
        found = self._found(key, most=MOST_LISTED, statuses=AT_WORK)
        return self.run(key, found[-1].run_id) if found else None

    def latest(self, key: str, jobs: Collection[Job]) -> RunRecord | None:
        """The newest run of one of these jobs, as `run` finds it."""
        found = next((run for run in self._found(key, most=20) if run.job in jobs), None)
        return self.run(key, found.run_id) if found else None

    def run(self, key: str, run_id: str) -> RunRecord:
        """A run of an organisation, with what it made or why it failed once it has ended.

        Raises:
            NoSuchRunError: the organisation has none of this id.
        """
        if not _RUN_ID.fullmatch(run_id):
            raise NoSuchRunError
        answer = self._graphql.ask(_ONE, id=run_id)["runOrError"]
        if answer["__typename"] != "Run":
            raise NoSuchRunError
        plan = answer["executionPlan"]
        run = run_of(answer, steps_planned=len(plan["steps"]) if plan else 0)
        if run.organisation != key:
            raise NoSuchRunError
        if run.state is RunStage.DONE:
            return replace(run, made=self._made(run_id))
        if run.state is RunStage.FAILED:
            return replace(run, failure=self._failure(run_id))
        return run

    def start(
        self, key: str, job: Job, *, by: str, config: Mapping[str, Mapping[str, Any]] | None = None
    ) -> tuple[RunRecord, bool]:
        """The run that was started, and True; or the one that is at work for the organisation, and False.

        `config` is that of a step, by the step's name.
        """
        with self._starting:
            if (present := self.at_work(key)) is not None:
                return present, False
            self.add_organisation(key)
            return self.run(key, self._launch(key, job, by=by, config=config or {})), True

    def add_organisation(self, key: str) -> None:
        """Let Dagster know of an organisation; nothing happens if it does."""
        self._graphql.ask(_ADD, key=key, name=PARTITIONS, where=LOCATION)

    def _launch(self, key: str, job: Job, *, by: str, config: Mapping[str, Mapping[str, Any]]) -> str:
        tags = {PARTITION: key, "organisation": key, STARTED_BY: by}
        parameters = {
            "selector": {**LOCATION, "pipelineName": job.value},
            "executionMetadata": {"tags": [{"key": name, "value": value} for name, value in tags.items()]},
            "runConfigData": {"ops": {step: {"config": dict(values)} for step, values in config.items()}},
        }
        launched = self._graphql.ask(_LAUNCH, parameters=parameters)["launchRun"]
        if launched["__typename"] != "LaunchRunSuccess":
            why = launched.get("message") or "; ".join(error["message"] for error in launched.get("errors", ()))
            raise PlannerError(f"Dagster did not start it ({why or launched['__typename']}). Try again.")
        return str(launched["run"]["runId"])

    def _found(self, key: str, *, most: int, after: str | None = None, statuses: Sequence[str] = ()) -> list[RunRecord]:
        wanted: dict[str, Any] = {"tags": [{"key": PARTITION, "value": key}]}
        if statuses:
            wanted["statuses"] = list(statuses)
        answer = self._graphql.ask(_RUNS, filter=wanted, most=most, after=after)["runsOrError"]
        return [run_of(run) for run in answer.get("results", ())]

    def _made(self, run_id: str) -> dict[str, dict[str, Any]]:
        """The figures of each table that a run made, by label."""
        steps = self._graphql.ask(_MADE, id=run_id)["runOrError"]["stepStats"]
        return {
            ".".join(made["assetKey"]["path"]): {entry["label"]: _value(entry) for entry in made["metadataEntries"]}
            for step in steps
            for made in step["materializations"]
            if made["assetKey"]
        }

    def _failure(self, run_id: str) -> str:
        """The sentence of the step that failed; of a run that died with its process, Dagster's."""
        events = self._graphql.ask(_FAILURES, id=run_id)["logsForRun"].get("events", ())
        of_steps = [
            (event["failureMetadata"] or {}).get("description") or (event["error"] or {}).get("message") or ""
            for event in events
            if event["__typename"] == "ExecutionStepFailureEvent"
        ]
        of_run = [event["message"] for event in events if event["__typename"] == "RunFailureEvent"]
        return next(filter(None, [*of_steps, *of_run]), "")


def _value(entry: Mapping[str, Any]) -> Any:
    return json.loads(entry["jsonString"]) if "jsonString" in entry else entry.get("intValue")
