"""A write that bears a key is done once, whoever sends it again and whichever process is asked."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import Body, FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.testclient import TestClient

from benchmarks.made_up_plans import connect_made_up
from pipelines.settings import Settings, read_settings
from pipelines.store.desk_access.kept_answers import Claim, claim
from planner.frame.answered_once import AT_WORK, CUT_OFF, LONGEST_WORK, NO_KEY, OTHER_REQUEST
from planner.frame.writes import PlannerWrites
from planner.security.sessions import now
from tests.planner.conftest import KEY, Visitor, visitor_of

PATH = f"/api/v1/organisations/{KEY}/noted"


class Notes:
    """A route that writes, and what it wrote."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.trouble: Exception | None = None
        self.may_end = threading.Event()
        self.may_end.set()
        self.has_begun = threading.Event()

    def add_to(self, app: FastAPI) -> None:
        def note(request: Request, writing: PlannerWrites, typed: Annotated[dict[str, Any], Body()]) -> Response:
            self.has_begun.set()
            assert self.may_end.wait(10)
            if self.trouble:
                raise self.trouble
            assert str(typed["text"]) == writing.text("text")
            self.written.append(writing.text("text"))
            request.state.is_answer_kept = not writing.texts("secret")
            answer = {"number": len(self.written), "by": writing.person, "version": writing.version()}
            return JSONResponse(answer, 201, {"ETag": '"7"'})

        def note_form(writing: PlannerWrites) -> Response:
            self.written.append(writing.text("text"))
            return Response(f"<p>{len(self.written)}</p>", media_type="text/html")

        app.add_api_route(PATH, note, methods=["POST"], response_model=None)
        app.add_api_route(f"/o/{KEY}/noted", note_form, methods=["POST"], response_model=None)


def app_of(visitor: Visitor) -> FastAPI:
    app = visitor.client.app
    assert isinstance(app, FastAPI)
    return app


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = read_settings({"STOCKTRIM_HOME": str(tmp_path)})
    connect_made_up(found, KEY, "Acme")
    return found


@pytest.fixture
def writer(settings: Settings) -> Iterator[Visitor]:
    for visitor in visitor_of(settings):
        yield visitor.sign_in()


@pytest.fixture
def notes(writer: Visitor) -> Notes:
    made = Notes()
    made.add_to(app_of(writer))
    return made


def send(writer: Visitor, key: str = "k-1", text: str = "a", client: TestClient | None = None, **more: Any) -> Any:
    headers = writer.word | {"Idempotency-Key": key}
    return (client or writer.client).post(PATH, json={"text": text, "version": 3, **more}, headers=headers)


def test_the_same_key_gets_the_first_answer_again(writer: Visitor, notes: Notes) -> None:
    first, second = send(writer), send(writer)
    assert (first.status_code, first.json()) == (201, {"number": 1, "by": "anna", "version": 3})
    assert (second.status_code, second.content, second.headers["etag"]) == (201, first.content, '"7"')
    assert second.headers["idempotency-replayed"] == "true"
    assert notes.written == ["a"]


def test_another_process_knows_the_answer(writer: Visitor, notes: Notes, settings: Settings) -> None:
    send(writer)
    for other in visitor_of(settings):
        notes.add_to(app_of(other))
        other.client.cookies.set(writer.desk.cookie, writer.client.cookies[writer.desk.cookie])
        assert send(writer, client=other.client).headers["idempotency-replayed"] == "true"
    assert notes.written == ["a"]


def test_the_same_key_for_another_request_is_refused(writer: Visitor, notes: Notes) -> None:
    send(writer)
    answer = send(writer, text="b")
    assert (answer.status_code, answer.json()["detail"]) == (422, OTHER_REQUEST)
    assert notes.written == ["a"]


def test_while_the_first_is_at_work_the_second_waits(writer: Visitor, notes: Notes) -> None:
    notes.may_end.clear()
    with ThreadPoolExecutor() as pool:
        first = pool.submit(send, writer)
        assert notes.has_begun.wait(10)
        second = send(writer)
        notes.may_end.set()
        assert first.result().status_code == 201
    assert (second.status_code, second.json()["detail"]) == (409, AT_WORK)
    assert notes.written == ["a"]


def test_a_first_that_was_cut_off_says_that_nobody_knows(writer: Visitor, notes: Notes) -> None:
    send(writer)  # its digest is that of the next
    with writer.desk.store.writing() as connection:
        connection.exec_driver_sql("update kept_answer set status = null")
        connection.exec_driver_sql("update kept_answer set begun_at = ?", (str(now() - LONGEST_WORK)[:26],))
    answer = send(writer)
    assert (answer.status_code, answer.json()["detail"]) == (409, CUT_OFF)
    assert notes.written == ["a"]


def test_what_was_refused_may_be_sent_again_corrected(writer: Visitor, notes: Notes) -> None:
    notes.trouble = HTTPException(422, "Write a whole number.")
    assert send(writer, text="x").status_code == 422
    notes.trouble = None
    assert send(writer).status_code == 201


def test_a_fault_is_not_tried_again(writer: Visitor, notes: Notes) -> None:
    notes.trouble = ZeroDivisionError()
    assert send(writer).status_code == 500
    notes.trouble = None
    again = send(writer)
    assert (again.status_code, again.json()["detail"], notes.written) == (500, CUT_OFF, [])


def test_an_answer_with_a_secret_is_not_kept(writer: Visitor, notes: Notes) -> None:
    send(writer, secret="yes")
    assert "idempotency-replayed" not in send(writer, secret="yes").headers
    with writer.desk.store.reading() as connection:
        assert connection.exec_driver_sql("select count(*) from kept_answer").scalar() == 0
    assert len(notes.written) == 2


def test_a_form_is_done_once_for_its_field(writer: Visitor, notes: Notes) -> None:
    for _ in range(2):
        answer = writer.client.post(f"/o/{KEY}/noted", data={"text": "a", "idem": "k-2"}, headers=writer.word)
        assert (answer.status_code, answer.text) == (200, "<p>1</p>")
    writer.client.post(f"/o/{KEY}/noted", data={"text": "idem="}, headers=writer.word)
    assert notes.written == ["a", "idem="]


@pytest.mark.parametrize("key", ["", " ", "x" * 201, "a\x7fb"])
def test_a_key_is_short_and_plain(writer: Visitor, notes: Notes, key: str) -> None:
    answer = send(writer, key=key)
    assert (answer.status_code, answer.json()["detail"], notes.written) == (400, NO_KEY, [])


def test_two_people_may_use_one_key(writer: Visitor, notes: Notes) -> None:
    assert claim(writer.desk.store, Claim("ben", "k-1", "x"), at=now() - timedelta(minutes=1)) is None
    assert send(writer).status_code == 201
    assert notes.written == ["a"]


@pytest.mark.parametrize("body", ["[1]", "{", '"text"', "[" * 100_000, '{"text":' + "9" * 5_000 + "}"])
def test_a_body_that_is_no_object_is_refused(writer: Visitor, notes: Notes, body: str) -> None:
    headers = writer.word | {"Content-Type": "application/json", "Idempotency-Key": "k-1"}
    answer = writer.client.post(PATH, content=body, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) in {
        (status, "application/problem+json") for status in (400, 422)
    }
    assert notes.written == []
