"""Who decides: the name that every command records, of a person and never of a machine's login.

What belongs here: the option `--by`, STOCKTRIM_USER, the name that was given once and is kept in the home.
What does not: what a person may decide.
Read more in docs/operations.md.
"""

import os
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from stocktrim_cli.output import heartbeat, say

ByOption = Annotated[
    str,
    typer.Option("--by", metavar="NAME", help="Who decides; default: STOCKTRIM_USER, else the name given once."),
]
KEPT_NAME: Final = "user"
LONGEST_NAME: Final = 80
# What containers and services log in as, and what this project writes of its own events.
_LOGINS: Final = frozenset(
    {
        "admin", "administrator", "airflow", "app", "container", "daemon", "dagster", "debian", "docker", "ec2-user",
        "jovyan", "node", "nobody", "plan", "postgres", "root", "runner", "service", "stocktrim", "system", "ubuntu",
        "user", "vagrant", "vscode", "www-data",
    }
)  # fmt: skip
_HOW: Final = "add --by NAME, or set STOCKTRIM_USER to your name"


def person(by: str) -> str:
    """The name of the person who decides: the given one, else STOCKTRIM_USER, else the one that was given once.

    On a terminal a missing name is asked for once and kept in the home.

    Raises:
        UsageError: no name is known and nobody can be asked, or the name is no person's.
    """
    from pipelines.errors import UsageError
    from pipelines.settings import read_settings

    settings = read_settings()
    kept = settings.home / KEPT_NAME
    known = by or settings.user or _read(kept)
    if known:
        return checked_name(known)
    if not sys.stdin.isatty():
        raise UsageError(f"It is not known who decides: {_HOW}.")
    heartbeat.pause()
    name = checked_name(typer.prompt("Your name, which is kept with what you decide", err=True))
    _keep(kept, name)
    say(f"{name} is kept in {kept}; --by or STOCKTRIM_USER name somebody else.")
    return name


def checked_name(text: str) -> str:
    """The name without blanks around it.

    >>> checked_name("  Anna Bell ")
    'Anna Bell'

    Raises:
        UsageError: it is empty, too long, no text, or the login of a machine.
    """
    from pipelines.errors import UsageError

    name = " ".join(text.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise UsageError(f"A name has 1 to {LONGEST_NAME} characters: {_HOW}.")
    if name.casefold() in _LOGINS:
        raise UsageError(f"{name!r} is a login, not the name of a person: {_HOW}.")
    return name


def _read(kept: Path) -> str:
    """The kept name; empty if there is none."""
    try:
        return kept.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _keep(kept: Path, name: str) -> None:
    """Keep a name, for its owner's eyes alone."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, 0o600)
        file.write(f"{name}\n")
