"""Whatever the API's document allows, the API answers as the document says, and never with a fault of its own.

Schemathesis makes the requests from the document: those that it allows, and those that break it.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as given_settings
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from pipelines.settings import read_settings
from planner.security.roles import Role
from planner.security.sessions import now
from tests.planner.conftest import KEY, Visitor, visitor_of

# A document cannot say which codes, names and days there are: what is none of them is refused, which is right.
NOT_ASKED = [positive_data_acceptance, ignored_auth]
OPERATION = given_settings(
    derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)


@pytest.fixture
def sender(desk_home: Path, tmp_path: Path) -> Iterator[Visitor]:
    home = shutil.copytree(desk_home, tmp_path / "home")
    for visitor in visitor_of(read_settings({"STOCKTRIM_HOME": str(home)})):
        yield visitor.sign_in()


def faults_of(sender: Visitor, *, examples: int) -> tuple[int, list[str]]:
    """How many requests were sent, and what was answered otherwise than the document says."""
    _, token = sender.desk.access.make_token("schema", Role.ADMINISTRATOR, [""], days=1, by="anna", at=now())
    schema = schemathesis.openapi.from_dict(sender.client.get("/api/v1/openapi.json").json())
    schema.app = sender.client.app
    headers = {"Authorization": f"Bearer {token.reveal()}", "Host": "127.0.0.1"}
    faults: list[str] = []
    sent = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()

        @given_settings(OPERATION, max_examples=examples)
        @given(case=operation.as_strategy())
        def send(case) -> None:
            nonlocal sent
            sent += 1
            if "key" in case.path_parameters:
                case.path_parameters["key"] = KEY
            answer = case.call(headers=headers)
            if answer.status_code == 503 and "Dagster" in answer.text:  # it does not run here, and that is said
                return
            try:
                case.validate_response(answer, excluded_checks=NOT_ASKED)
            except FailureGroup as wrong:
                faults.extend(f"{case.as_curl_command()}: {one}"[:1_000] for one in wrong.exceptions)

        send()
    return sent, faults


def test_the_api_answers_as_its_document_says(sender: Visitor, measured) -> None:
    sent, faults = faults_of(sender, examples=2)
    measured(f"{sent} requests made from the document, {len(faults)} answered otherwise than it says")
    assert faults == []


@pytest.mark.soak
def test_the_api_answers_very_many_requests_as_its_document_says(sender: Visitor, measured) -> None:
    sent, faults = faults_of(sender, examples=int(os.environ.get("SOAK_EXAMPLES", "200")))
    measured(f"{sent} requests made from the document, {len(faults)} answered otherwise than it says")
    assert faults == []
