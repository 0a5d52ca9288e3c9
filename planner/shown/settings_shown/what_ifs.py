"""What changes of settings would do to the plan, worked out beside the desk, one after the other.

What belongs here: beginning, waiting, keeping answers. What does not: the effect itself, which a process of its own
works out (`pipelines.organisations.settings_in_force.plan_effect_process`).
"""

import hashlib
import json
import logging
import subprocess
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
from pipelines.organisations.settings_in_force.plan_effect_process import begin_plan_effect
from pipelines.planning_settings.setting_files.requested_settings import ProposedChange
from pipelines.settings import Settings

log = logging.getLogger(__name__)
MOST_KEPT: Final = 32
MOST_WAITING: Final = 8
LONGEST_SECONDS: Final = 600
FAILED: Final = "What this would change could not be worked out; nothing was changed. You can save it all the same."
TOO_MANY: Final = "Too many people ask what a change would do just now. Try again in a minute, or save without it."
Begin = Callable[[Settings, str, Sequence[ProposedChange]], "tuple[subprocess.Popen[bytes], bytes]"]


@dataclass
class WhatIf:
    """A question to the plan: since when it is worked on, and its answer once there is one."""

    what_if_id: str
    key: str
    begun_at: float = field(default_factory=time.monotonic)
    answer: dict[str, Any] | None = None
    problem: str = ""

    @property
    def is_done(self) -> bool:
        """Whether nothing more comes."""
        return self.answer is not None or bool(self.problem)

    @property
    def seconds(self) -> int:
        """How long it is worked on."""
        return int(time.monotonic() - self.begun_at)


class WhatIfs:
    """The questions of this process; the same question is asked once."""

    def __init__(self, settings: Settings, begin: Begin = begin_plan_effect) -> None:
        self._settings, self._begin = settings, begin
        self._kept: OrderedDict[str, WhatIf] = OrderedDict()
        self._lock = Lock()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="what-if")
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False

    def ask(self, now: OrganisationSettings, changes: Sequence[ProposedChange], snapshot_id: str) -> WhatIf:
        """Begin to work out what changes would do, unless that is at work or known already."""
        key, what_if_id = now.opened.key, _name_of(now, changes, snapshot_id)
        with self._lock:
            found = self._kept.get(what_if_id)
            if found is not None and not found.problem:
                return found
            waiting = sum(not one.is_done for one in self._kept.values())
            found = self._kept[what_if_id] = WhatIf(what_if_id, key)
            if waiting >= MOST_WAITING:
                found.problem = TOO_MANY
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        if not found.problem:
            self._pool.submit(self._work, found, list(changes))
        return found

    def known(self, now: OrganisationSettings, changes: Sequence[ProposedChange], snapshot_id: str) -> WhatIf | None:
        """The answer to a question that was asked, if there is one by now."""
        found = self._kept.get(_name_of(now, changes, snapshot_id))
        return found if found is not None and found.answer is not None else None

    def look(self, key: str, what_if_id: str) -> WhatIf | None:
        """A question of an organisation; None if this process does not know it."""
        found = self._kept.get(what_if_id)
        return found if found is not None and found.key == key else None

    def wait(self, found: WhatIf, seconds: float) -> None:
        """Wait a little for an answer that may come at once."""
        end = time.monotonic() + seconds
        while not found.is_done and time.monotonic() < end:
            time.sleep(0.02)

    def close(self) -> None:
        """End what is at work."""
        self._is_closed = True
        if self._process is not None:
            self._process.kill()
        self._pool.shutdown(cancel_futures=True)

    def _work(self, found: WhatIf, changes: Sequence[ProposedChange]) -> None:
        if self._is_closed:
            return
        try:
            self._process, text_in = self._begin(self._settings, found.key, changes)
            out, errors = self._process.communicate(text_in, timeout=LONGEST_SECONDS)
            if self._process.returncode:
                log.warning("What-if failed: %s", errors.decode(errors="replace")[-2000:])
                found.problem = FAILED
                return
            answer = json.loads(out)
            found.problem, found.answer = answer.get("problem", ""), answer
        except (OSError, ValueError, subprocess.SubprocessError) as trouble:
            log.warning("What-if failed: %s", trouble)
            found.problem = FAILED
        finally:
            if self._process is not None and self._process.poll() is None:
                self._process.kill()
            self._process = None


def _name_of(now: OrganisationSettings, changes: Sequence[ProposedChange], snapshot_id: str) -> str:
    """The name of a question: the same changes to the same settings and plan are the same question."""
    question = [now.opened.key, snapshot_id, now.version, len(now.groups.history), [vars(one) for one in changes]]
    return hashlib.sha256(json.dumps(question).encode()).hexdigest()[:32]
