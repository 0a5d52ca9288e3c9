"""Settings and groups for programs: typed, all or none, refused in a sentence, what Xero owns left to Xero."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from planner.security.roles import Role
from tests.planner.conftest import KEY, ODD, Visitor
from tests.planner.settings_writes import now_of, own_home, set_by, signed_in

API = f"/api/v1/organisations/{KEY}"


@pytest.fixture
def program(desk_home: Path, tmp_path: Path) -> Iterator[Visitor]:
    with signed_in(own_home(desk_home, tmp_path)) as visitor:
        yield visitor


def call(
    visitor: Visitor, method: str, path: str, body: Any = None, status: int = 200, match: str = ""
) -> Any:  # fmt: skip
    headers = {"If-Match": match} if match else {}
    answer = visitor.client.request(method, f"{API}{path}", json=body, headers=visitor.word | headers)
    assert answer.status_code == status, answer.text[:300]
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()


def wanted(name: str, value: str | None, **more: Any) -> dict[str, Any]:
    return {"changes": [{"name": name, "value": value, **more}]}


def first_supplier(visitor: Visitor) -> tuple[str, str]:
    return min(now_of(visitor).subjects.suppliers.items(), key=lambda one: one[1])


def test_settings_are_described_and_shown_with_their_origin(program: Visitor) -> None:
    names = {one["name"]: one for one in call(program, "GET", "/settings/described")}
    assert names["lead_time_days"]["label"] == "Lead time"
    (found,) = call(program, "GET", "/settings?product=P-00011&name=lead_time_days")["settings"]
    assert (found["value"], found["origin"]) == ("14", "default")
    call(program, "GET", "/settings?product=nope", status=404)


def test_settings_are_set_together_with_old_and_new_and_undone(program: Visitor) -> None:
    answer = call(program, "POST", "/settings", wanted("service_level", "98%") | {"reason": "year end"})
    assert answer["changes"] == [
        {"level": "global", "subject": "", "name": "service_level", "old": None, "new": "0.98"}
    ]
    assert "Service level of all products is 98%" in answer["sentence"]
    (past,) = call(program, "GET", "/settings/history")["changes"]
    assert (past["changed_by"], past["reason"], past["change"]) == ("anna", "year end", answer["change"])
    call(program, "POST", "/settings/undo", {"change": answer["change"]})
    assert call(program, "GET", "/settings/own")["settings"] == []
    call(program, "POST", "/settings/undo", {"change": answer["change"]}, status=409)
    call(program, "POST", "/settings/undo", {"change": 99}, status=404)


def test_a_dry_run_changes_nothing(program: Visitor) -> None:
    answer = call(program, "POST", "/settings", wanted("service_level", "98%") | {"is_dry_run": True})
    assert (answer["change"], len(answer["changes"])) == (None, 1)
    assert now_of(program).history == []


def test_one_wrong_setting_of_many_changes_none(program: Visitor) -> None:
    body = {"changes": [{"name": "service_level", "value": "98%"}, {"name": "lead_time_days", "value": "NaN"}]}
    assert "lead_time_days cannot be 'NaN'" in call(program, "POST", "/settings", body, status=422)["detail"]
    assert now_of(program).history == []


def test_who_comes_second_is_told_the_value(program: Visitor) -> None:
    set_by(program, "lead_time_days", "30")
    answer = call(program, "POST", "/settings", wanted("lead_time_days", "21", expected="14"), status=409)
    assert "is '30' now, not '14'" in answer["detail"]
    call(program, "POST", "/settings", wanted("lead_time_days", "21", expects_unset=True), status=409)
    call(program, "POST", "/settings", wanted("lead_time_days", "21"), status=409, match='"0"')
    call(program, "POST", "/settings", wanted("lead_time_days", "21", expected="30"), match='"1"')


@pytest.mark.parametrize("value", ["<img src=x onerror=alert(1)>", "x" * 4_001, "=9+9", "nan", "1e999", "\x00"])
def test_hostile_values_are_refused_and_are_no_fault(program: Visitor, value: str) -> None:
    for name in ("lead_time_days", "service_level", "order_days", "shutdowns", "spend_cap", "daily_run_at", value[:90]):
        call(program, "POST", "/settings", wanted(name, value), status=422)
    call(program, "POST", "/settings", wanted("batch_size", "2", level="product", subject=value), status=422)
    call(program, "POST", "/settings", wanted("batch_size", "2", level=value[:90]), status=422)
    assert now_of(program).history == []


def test_what_was_exported_is_imported_as_the_same(program: Visitor) -> None:
    for code in ODD:
        set_by(program, "batch_size", "12", level="product", subject=code)
    text = program.client.get(f"{API}/settings/export.csv").content
    headers = program.word | {"Content-Type": "text/csv"}
    answer = program.client.post(f"{API}/settings/import", content=text, headers=headers)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["changes"], answer.json()["unchanged"]) == ([], len(ODD))
    assert not any(cell.startswith("=") for row in csv.reader(io.StringIO(text.decode("utf-8-sig"))) for cell in row)


def test_every_wrong_row_of_a_file_is_named_and_none_is_taken(program: Visitor) -> None:
    rows = "level,subject,setting,value\nglobal,,service_level,98%\nglobal,,lead_time_days,soon\n"
    rows += "product,NOPE,batch_size,2\n"
    headers = program.word | {"Content-Type": "text/csv"}
    answer = program.client.post(f"{API}/settings/import", content=rows, headers=headers)
    assert answer.status_code == 422
    assert "line 3, value" in answer.text
    assert "line 4, subject" in answer.text
    assert now_of(program).history == []


def test_groups_are_made_and_read_and_hold_settings(program: Visitor) -> None:
    body = {"changes": [
        {"group": "brand: Red", "field": "member", "subject": "P-00011", "value": "in"},
        {"group": "brand: Red", "field": "rule", "subject": "name: red", "value": "in"},
    ]}  # fmt: skip
    (group,) = call(program, "POST", "/groups", body)
    assert group["put_in"] == ["P-00011"]
    assert "P-00011" in group["products"]
    assert call(program, "GET", "/groups") == [group]
    call(program, "POST", "/settings", wanted("service_level", "99%", level="group", subject="brand: Red"))
    (found,) = call(program, "GET", "/settings?product=P-00011&name=service_level")["settings"]
    assert (found["value"], found["origin"]) == ("0.99", "group")
    call(program, "POST", "/groups", {"changes": [{"group": "brand: Red", "field": "colour"}]}, status=422)
    call(
        program,
        "POST",
        "/groups",
        {"changes": [{"group": "Red", "field": "member", "subject": "NO", "value": "in"}]},
        status=422,
    )


def test_a_suppliers_terms_are_read_and_changed_and_the_rest_is_xeros(program: Visitor) -> None:
    identity, name = first_supplier(program)
    terms = call(
        program, "PATCH", f"/suppliers/{quote(name)}/terms", {"order_days": "mon", "minimum_order_value": "250"}
    )
    assert terms["supplier_id"] == identity
    assert all(day.startswith("Mon ") for day in terms["next_order_days"])
    for path, body in (("/terms", {"supplier_name": "x"}), ("", {"name": "x"})):
        answer = call(program, "PATCH", f"/suppliers/{quote(name)}{path}", body, status=409)
        assert "change it in Xero" in answer["detail"]
    assert "change it in Xero" in call(program, "PATCH", "/products?product_code=P-00011", {}, status=409)["detail"]


def test_bundles_are_listed_with_their_parts(program: Visitor) -> None:
    set_by(program, "bundle_of", "P-00012:2; P-00013:1", level="product", subject="P-00011")
    (bundle,) = call(program, "GET", "/bundles")
    assert bundle == {"product_code": "P-00011", "parts": {"P-00012": 2, "P-00013": 1}, "is_assembled": False}


def test_a_viewers_program_reads_and_does_not_write(program: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(program.desk), "role", lambda *_: Role.VIEWER)
    call(program, "GET", "/settings")
    call(program, "POST", "/settings", wanted("service_level", "98%"), status=403)
    call(program, "POST", "/groups", {"changes": [{"group": "brand: Red"}]}, status=403)
    call(program, "POST", "/settings/undo", {"change": 1}, status=403)
    call(program, "PATCH", "/suppliers/x/terms", {}, status=403)
    answer = program.client.post(f"{API}/settings/import", content=b"x", headers=program.word)
    assert answer.status_code == 403


def test_events_are_added_changed_and_removed_by_the_version_that_was_seen(program: Visitor) -> None:
    sale = {
        "name": "Sale", "from_date": "2030-05-01", "until_date": "2030-05-03", "factor": "1.5", "scope": "product",
        "subjects": ["P-00011"], "reason": "leaflet",
    }  # fmt: skip
    (event,) = call(program, "POST", "/events", sale | {"version": 0})
    assert (event["factor"], event["subjects"], event["changed_by"], event["version"]) == (1.5, ["P-00011"], "anna", 1)
    assert "Meanwhile anna has changed Sale" in call(program, "POST", "/events", sale | {"version": 0}, 409)["detail"]
    assert call(program, "GET", "/events") == [event]
    call(program, "POST", "/events", sale | {"factor": "inf"}, 422)
    call(program, "POST", "/events", sale | {"subjects": []}, 422)
    call(program, "POST", "/events", sale | {"scope": "supplier"}, 422)
    call(program, "POST", "/events/remove", {"name": "nope"}, 422)
    assert call(program, "POST", "/events/remove", {"name": "SALE", "version": 1}) == []
