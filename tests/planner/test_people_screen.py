"""People and tokens: administrators decide there, each over what is theirs, and a token is shown once."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.settings import read_settings
from pipelines.store.desk_access.desk_roles import EVERY_ORGANISATION
from planner.security.roles import Role
from planner.security.sessions import Way, now
from tests.planner.conftest import KEY, OTHER, Visitor, visitor_of

PAGE = f"/o/{KEY}/people"


@pytest.fixture
def owner(desk_home: Path, tmp_path: Path) -> Iterator[Visitor]:
    """The person of the printed address, in a home that may be changed."""
    home = shutil.copytree(desk_home, tmp_path / "home")
    for visitor in visitor_of(read_settings({"STOCKTRIM_HOME": str(home)})):
        yield visitor.sign_in()


def become(visitor: Visitor, person: str, key: str, role: Role) -> Visitor:
    """The same browser, signed in as one of a team."""
    visitor.desk.access.give(person, key, role, by="the owner", at=now())
    session = visitor.desk.sessions.begin(person, at=now(), way=Way.OPENID)
    visitor.client.cookies.clear()
    visitor.client.cookies.set(visitor.desk.cookie, visitor.desk.sessions.sealed(session))
    return visitor


def post(visitor: Visitor, path: str, status: int = 200, **fields: str) -> str:
    answer = visitor.client.post(f"{PAGE}/{path}", data=fields, headers=visitor.word)
    assert answer.status_code == status, answer.text[:300]
    return answer.text


def test_a_person_gets_a_role_another_and_none(owner: Visitor) -> None:
    assert "Nobody else yet" in owner.text(PAGE)
    assert "ben@example.com is planner of Acme" in post(owner, "give", person="Ben@Example.com", role="planner")
    assert "is approver of every organisation" in post(
        owner, "give", person="ben@example.com", role="approver", reach="all"
    )
    assert [(one.organisation_key, one.role, one.given_by) for one in owner.desk.access.roles()] == [
        (EVERY_ORGANISATION, Role.APPROVER, "anna"), (KEY, Role.PLANNER, "anna"),
    ]  # fmt: skip
    post(owner, "take", person="ben@example.com", reach="all")
    assert "Nobody else yet" in post(owner, "take", person="ben@example.com")
    post(owner, "take", 422, person="ben@example.com")


@pytest.mark.parametrize("fields", [{"person": ""}, {"person": "x" * 301}, {"person": "a\nb"}, {"role": "owner"}])
def test_what_names_no_person_or_role_is_refused(owner: Visitor, fields: dict[str, str]) -> None:
    sentence = post(owner, "give", 422, **({"person": "ben@example.com", "role": "viewer"} | fields))
    assert sentence.endswith(".")
    assert owner.desk.access.roles() == []


def test_a_token_is_shown_once_and_reads_what_it_may(owner: Visitor) -> None:
    shown = post(owner, "tokens", name="the <b>till</b>", role="viewer", days="30", idem="k-1")
    found = re.search(r'value="(stk_[\w-]+)"', shown)
    assert found is not None
    assert "the &lt;b&gt;till&lt;/b&gt;" in shown
    assert found[1] not in owner.text(PAGE)
    headers = {"Authorization": f"Bearer {found[1]}"}
    owner.client.cookies.clear()
    assert owner.client.get(f"/api/v1/organisations/{KEY}/plan?limit=1", headers=headers).status_code == 200
    assert owner.client.get(f"/api/v1/organisations/{OTHER}/plan?limit=1", headers=headers).status_code == 404
    assert owner.client.get(PAGE, headers=headers, follow_redirects=False).status_code == 303  # no token makes tokens
    owner.sign_in()
    token = owner.desk.access.tokens()[0]
    assert "opens nothing any more" in post(owner, f"tokens/{token.token_id}/revoke")
    assert owner.client.get(f"/api/v1/organisations/{KEY}/plan", headers=headers).status_code == 401
    post(owner, f"tokens/{token.token_id}/revoke", 422)
    post(owner, "tokens/nope/revoke", 422)


@pytest.mark.parametrize("days", ["0", "367", "-1", "1.5", "abc", "", "9" * 400, "\uff11\uff10", "0x10", "nan"])
def test_the_days_of_a_token_are_a_whole_number(owner: Visitor, days: str) -> None:
    assert "1 to 366 days" in post(owner, "tokens", 422, name="x", role="viewer", days=days)
    assert owner.desk.access.tokens() == []


def test_below_an_administrator_nobody_sees_or_changes_who_may_do_what(owner: Visitor) -> None:
    ben = become(owner, "ben@example.com", KEY, Role.APPROVER)
    assert "needs the role administrator" in ben.text(PAGE, 403)
    assert "People and tokens" not in ben.text(f"/o/{KEY}/")
    for path in ("give", "take", "tokens", "tokens/x/revoke"):
        post(ben, path, 403, person="zoe", role="viewer", name="x")


def test_an_administrator_of_one_organisation_decides_there_alone(owner: Visitor) -> None:
    at, access = now(), owner.desk.access
    access.give("zoe@example.com", EVERY_ORGANISATION, Role.VIEWER, by="anna", at=at)
    wide, _ = access.make_token("wide", Role.VIEWER, [KEY, OTHER], days=1, by="anna", at=at)
    carla = become(owner, "carla@example.com", KEY, Role.ADMINISTRATOR)
    page = carla.text(PAGE)
    assert "Every organisation</option>" not in page
    assert "Remove zoe" not in page
    assert "Acme &amp; Söhne, others" in page  # of the other organisation not even the name
    assert "Beta" not in page
    post(carla, "give", 403, person="ben", role="viewer", reach="all")
    post(carla, "take", 403, person="zoe@example.com", reach="all")
    post(carla, f"tokens/{wide.token_id}/revoke", 403)
    assert "own role" in post(carla, "take", 422, person="Carla@example.com")
    assert "own role" in post(carla, "give", 422, person="carla@example.com", role="viewer")
    assert "is viewer of Acme" in post(carla, "give", person="ben", role="viewer")
