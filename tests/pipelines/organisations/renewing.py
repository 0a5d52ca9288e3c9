"""A process that reads an organisation at each command: `python -m tests.pipelines.organisations.renewing KEY`.

After "go" it prints "ok" or the error's sentence; after "die" it is killed between Xero's answer and storing it.
"""

import os
import signal
import sys

import pytest

from pipelines.errors import PlannerError
from pipelines.organisations.open_organisation import open_organisation
from pipelines.settings import read_settings
from pipelines.store.sign_ins import StoredTokens


def main() -> None:
    opened = open_organisation(read_settings(), sys.argv[1])
    say("ready")
    for line in sys.stdin:
        if line.strip() == "die":
            pytest.MonkeyPatch().setattr(StoredTokens, "write", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        try:
            opened.client().organisation()
            say("ok")
        except PlannerError as trouble:
            say(f"{type(trouble).__name__}: {trouble}")


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
