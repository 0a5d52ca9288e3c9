"""The examples of docs/orders-api.md are run as they stand, against a desk, with a token as the page says."""

import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from planner.security.roles import Role
from planner.security.sessions import now
from tests.planner.conftest import KEY, Visitor
from tests.planner.orders_home import FIRST, ledger_of, made_orders_home, orders_home, stranger_there

__all__ = ["made_orders_home", "orders_home", "stranger_there"]
PAGE = Path(__file__).parents[2] / "docs" / "orders-api.md"


class BelowTheOrganisation:
    """The client of the page: its addresses begin below the organisation, and it shows a token."""

    def __init__(self, visitor: Visitor, token: str) -> None:
        self.visitor, self.token = visitor, token

    def __getattr__(self, method: str) -> Any:
        def call(path: str, *, headers: dict[str, str] | None = None, **given: Any) -> Any:
            shown = {"Authorization": f"Bearer {self.token}"} | (headers or {})
            address = f"/api/v1/organisations/{KEY}{path}"
            return self.visitor.client.request(method.upper(), address, headers=shown, **given)

        return call


def test_the_examples_do_what_the_page_says(
    stranger_there: Visitor, orders_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    access = stranger_there.desk.access
    made, secret = access.make_token("the shop", Role.APPROVER, [KEY], days=1, by="anna", at=now())
    first, *examples = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, Any] = {"httpx": httpx2}
    exec(first.replace("import httpx\n", ""), names)  # noqa: S102, our own page
    names["client"] = BelowTheOrganisation(stranger_there, secret.reveal())
    for example in examples:
        exec(example, names)  # noqa: S102, our own page
    assert "RP-20261201-AAAAAA Hansen & Co 50.00" in capsys.readouterr().out
    order = ledger_of(orders_home).order(FIRST)
    assert [str(line.quantity) for line in order.lines] == ["24", "5"]
    assert made.name in order.approved_by
