"""The effect of changes of settings on the plan, worked out in a process of its own.

A plan of some hundred products takes seconds and hundreds of MiB, which a process that answers people has not.

    python -m pipelines.organisations.settings_in_force.plan_effect_process

reads changes as JSON and writes the effect as JSON.

What belongs here: the process and how it is begun. What does not: the effect (`plan_effect.py`).
Read more in docs/buyer/settings.md.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO

from pipelines.errors import PlannerError
from pipelines.planning_settings.setting_files.requested_settings import ProposedChange
from pipelines.settings import Settings, read_settings

_NICER = 10
MOST_LINES = 200


def begin_plan_effect(
    settings: Settings, key: str, changes: Sequence[ProposedChange]
) -> "tuple[subprocess.Popen[bytes], bytes]":
    """Begin to work out what changes would do to an organisation's plan: the process, and what it reads."""
    environment = {
        **os.environ, "STOCKTRIM_HOME": str(settings.home), "STOCKTRIM_DATABASE_URL": settings.database_url,
        "POLARS_MAX_THREADS": "1",
    }  # fmt: skip
    process = subprocess.Popen(  # noqa: S603, our own module; what people typed goes in on stdin
        [sys.executable, "-m", __name__], env=environment, cwd=Path(__file__).parents[2], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    return process, json.dumps({"key": key, "changes": [asdict(change) for change in changes]}).encode()


def work_out(wanted: IO[str]) -> dict[str, object]:
    """The effect of the changes that are described; None in it if there is no plan yet."""
    # whoever begins the process does not hold the planning's modules
    from pipelines.organisations.open_organisation import open_organisation  # noqa: PLC0415, as above
    from pipelines.organisations.settings_in_force.organisation_settings import settings_of  # noqa: PLC0415, as above
    from pipelines.organisations.settings_in_force.plan_effect import plan_effect  # noqa: PLC0415, as above
    from pipelines.organisations.settings_in_force.plan_effect_words import (  # noqa: PLC0415, as above
        effect_sentences,
        most_affected,
    )

    request = json.load(wanted)
    now = settings_of(open_organisation(read_settings(), request["key"]), is_reader=True)
    try:
        effect = plan_effect(now, [ProposedChange(**change) for change in request["changes"]])
    except PlannerError as trouble:
        return {"problem": str(trouble)}
    if effect is None:
        return {"effect": None}
    return {
        "effect": {
            "sentences": effect_sentences(effect.lines) if effect.is_worked_out else [],
            "not_shown": list(effect.not_shown),
            "most_affected": most_affected(effect.lines, MOST_LINES),
            "products": effect.lines.height,
        }
    }


if __name__ == "__main__":
    os.nice(_NICER)
    json.dump(work_out(sys.stdin), sys.stdout, default=str)
