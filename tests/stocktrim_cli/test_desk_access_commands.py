"""`stocktrim planner people` and `tokens`: the same decisions as on the page, in a terminal."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.made_up_plans import connect_made_up
from pipelines.settings import read_settings
from stocktrim_cli.main import app


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STOCKTRIM_HOME", str(tmp_path))
    connect_made_up(read_settings(), "acme", "Acme")
    return tmp_path


def said(*words: str) -> str:
    done = CliRunner().invoke(app, ["planner", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def as_json(*words: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(said(*words, "--json"))
    return found


@pytest.mark.usefixtures("home")
def test_people_are_added_listed_and_removed() -> None:
    assert "ben@example.com is approver of acme" in said("people", "add", "Ben@Example.com", "--role", "approver")
    said("people", "add", "carla@example.com", "--role", "administrator", "--all")
    assert [(one["person"], one["organisation_key"], one["role"]) for one in as_json("people", "list")] == [
        ("ben@example.com", "acme", "approver"), ("carla@example.com", "", "administrator"),
    ]  # fmt: skip
    said("people", "remove", "carla@example.com", "--all")
    assert "carla" not in said("people", "list")


def test_a_token_is_printed_once_and_revoked(home: Path) -> None:
    text = said("tokens", "create", "the shop", "--days", "30").strip()
    assert text.startswith("stk_")
    [token] = as_json("tokens", "list")
    assert (token["name"], token["role"], token["organisations"], token["state"]) == (
        "the shop", "viewer", ["acme"], "valid",
    )  # fmt: skip
    said("tokens", "revoke", str(token["token_id"]))
    assert as_json("tokens", "list")[0]["state"] == "revoked"
    assert [path for path in home.rglob("*") if path.is_file() and text[4:].encode() in path.read_bytes()] == []
    events = [json.loads(line)["event"] for line in (home / "planner" / "security.log").read_text().splitlines()]
    assert events == ["token_made", "token_revoked"]


@pytest.mark.usefixtures("home")
def test_a_wrong_role_or_both_reaches_are_refused() -> None:
    for words in (["--role", "boss"], ["--all", "-o", "acme"], ["-o", "nobody"]):
        assert CliRunner().invoke(app, ["planner", "people", "add", "ben", *words]).exit_code != 0
    assert as_json("people", "list") == []
