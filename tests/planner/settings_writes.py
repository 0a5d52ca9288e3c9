"""Somebody who changes settings in a home of their own; what a change would do is answered at once.

What belongs here: what the tests of settings share. What does not: tests.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings, settings_of
from pipelines.planning_settings.setting_files.requested_settings import SettingRequest
from pipelines.settings import Settings, read_settings
from planner.shown.settings_shown.what_ifs import Begin, WhatIfs
from tests.planner.conftest import KEY, Visitor, visitor_of

SETTINGS = f"/o/{KEY}/settings"
LINE = {
    "product_code": "P-00011", "product_name": "Mug", "currency": "GBP", "order_quantity": 2.0, "status": "order_now",
    "reason": "below_reorder_point", "order_value": "6.20", "new_order_quantity": 6.0, "new_status": "order_now",
    "new_reason": "below_reorder_point", "new_order_value": "18.60",
}  # fmt: skip
EFFECT = {
    "sentences": ["The plan would order 4 more units of 1 product, 12.40 GBP more."], "not_shown": [],
    "most_affected": [LINE], "products": 1,
}  # fmt: skip


def own_home(shared: Path, folder: Path) -> Settings:
    """A copy of the shared home."""
    shutil.copytree(shared, folder / "home", symlinks=True)
    return read_settings({"STOCKTRIM_HOME": str(folder / "home")})


def answering(answer: Any = EFFECT) -> Begin:
    """How what-ifs begin if every change would do the same to the plan."""

    def begin(*_: object) -> tuple[subprocess.Popen[bytes], bytes]:
        command = [sys.executable, "-S", "-c", f"print({json.dumps({'effect': answer})!r})"]
        made = subprocess.Popen(  # noqa: S603, our own words
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        return made, b""

    return begin


@contextmanager
def signed_in(settings: Settings, answer: Any = EFFECT) -> Iterator[Visitor]:
    """Somebody who is signed in to a home in which every change would do the same to the plan."""
    for visitor in visitor_of(settings):
        vars(visitor.desk)["what_ifs"] = WhatIfs(settings, answering(answer))
        yield visitor.sign_in()


def now_of(visitor: Visitor) -> OrganisationSettings:
    """The settings as they are stored."""
    return settings_of(OpenOrganisation(KEY, visitor.desk.settings, visitor.desk.store), is_reader=True)


def set_by(
    visitor: Visitor, name: str, text: str, *, by: str = "bob", level: str = "global", subject: str = ""
) -> None:
    """Somebody else sets something meanwhile."""
    now = now_of(visitor)
    now.apply(now.propose([SettingRequest(level, subject, name, text)]).changes, by=by, reason="")


def send(visitor: Visitor, step: str, name: str, value: Any = "", **fields: Any) -> tuple[int, str]:
    """Send the form of a setting to a step; `page` is whom the page is for."""
    whom = fields.pop("page", "global:")
    wanted = {
        "name": name, "page": whom, "place": whom, "version": now_of(visitor).version, "value": value, "action": "set",
    } | fields  # fmt: skip
    answer = visitor.client.post(
        f"{SETTINGS}/{step}", content=urlencode(wanted, doseq=True),
        headers=visitor.word | {"Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    return answer.status_code, answer.text
