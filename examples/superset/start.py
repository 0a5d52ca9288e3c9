"""`make superset`: Superset on this machine, with a dashboard for each organisation that has a published snapshot.

What belongs here: setting Superset up, and becoming its server. What does not: what the dashboards show.
Run again, it brings the dashboards to what `dashboard.py` says. Read more in README.md.
"""

import contextlib
import os
import socket
import sys
from functools import partial
from pathlib import Path
from typing import Final

import duckdb

from examples.superset.bundle import address, bundle, is_older

HIGHEST_PORT: Final = 65535
PERSON: Final = "planner"
say = partial(print, file=sys.stdout, flush=True)


def main() -> None:
    """Set up, say where to look, and serve."""
    home, port = Path(os.environ.get("STOCKTRIM_HOME") or ".stocktrim").resolve(), _port(os.environ["PORT"])
    snapshots = shown_snapshots(home)
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            sys.exit(f"Something answers at port {port} already: end it, or run `make superset PORT={port + 1}`.")
    folder = home / "superset"
    folder.mkdir(mode=0o700, exist_ok=True)
    config = Path(__file__).with_name("superset_config.py")
    os.environ |= {"SUPERSET_HOME": str(folder), "SUPERSET_CONFIG_PATH": str(config)}
    with (folder / "log").open("w") as log, contextlib.redirect_stderr(log), contextlib.redirect_stdout(log):
        addresses = _set_up(snapshots)
    say(*(f"http://127.0.0.1:{port}{address}" for address in addresses), sep="\n")
    say(f"Sign in as {PERSON!r} with the password in {folder / 'password'}; Ctrl-C ends Superset.")
    serve = f"-m gunicorn --bind 127.0.0.1:{port} --threads 8 --timeout 60 --graceful-timeout 3"
    quietly = "--no-control-socket --log-level warning"
    command = [sys.executable, *serve.split(), *quietly.split(), "superset.app:create_app()"]
    os.execv(sys.executable, command)  # noqa: S606, our own command


def _port(word: str) -> int:
    if not (word.isascii() and word.isdigit() and 0 < int(word) <= HIGHEST_PORT):
        sys.exit(f"PORT must be a number from 1 to {HIGHEST_PORT}, not {word!r}.")
    return int(word)


def shown_snapshots(home: Path) -> dict[str, Path]:
    """The snapshot of each organisation; one of which no dashboard can be made is named and left out."""
    found = {path.parts[-3]: path for path in sorted(home.glob("organisations/*/published/stocktrim.duckdb"))}
    if not found:
        sys.exit(f"Nothing is published in {home} yet: run `make demo`, or `stocktrim load` and `stocktrim plan`.")
    wrong = {organisation: trouble for organisation, path in found.items() if (trouble := _trouble(organisation, path))}
    if len(wrong) == len(found):
        sys.exit("\n".join(wrong.values()))
    for trouble in wrong.values():
        say(f"Left out: {trouble}")
    return {organisation: path for organisation, path in found.items() if organisation not in wrong}


def _trouble(organisation: str, snapshot: Path) -> str | None:
    """What keeps a snapshot from being shown, and what to do."""
    try:
        is_too_old = is_older(snapshot)
    except duckdb.Error as trouble:
        says = str(trouble).splitlines()[0].rstrip(".!")
        return f"{snapshot} cannot be read ({says}): `stocktrim load -o {organisation}` publishes a new snapshot."
    if is_too_old:
        return (
            f"The snapshot of {organisation!r} was published by an older version: run `stocktrim plan -o "
            f"{organisation}`, then `make superset` again."
        )
    return None


def _set_up(snapshots: dict[str, Path]) -> list[str]:
    """Superset's own tables, who may do what, the person who signs in, the dashboards; the addresses of these."""
    say("Starting Superset ...")
    import superset
    from flask_migrate import upgrade
    from superset.app import create_app
    from superset.extensions import appbuilder, db, security_manager

    with create_app().app_context():
        from superset.commands.importers.v1.assets import ImportAssetsCommand
        from superset.utils.core import override_user

        from examples.superset.superset_config import kept_secret

        say("Its own tables ...")
        upgrade(directory=str(Path(superset.__file__).parent / "migrations"))
        say("Who may do what ...")
        appbuilder.add_permissions(update_perms=True)
        security_manager.sync_role_definitions()
        db.session.commit()
        admin, secret = security_manager.find_role("Admin"), kept_secret("password")
        person = security_manager.find_user(PERSON) or security_manager.add_user(
            PERSON, "Stock", "Planner", f"{PERSON}@localhost", admin, password=secret
        )
        for organisation, snapshot in snapshots.items():
            say(f"The dashboard of {organisation} ...")
            with override_user(person):
                ImportAssetsCommand(bundle(organisation, snapshot)).run()
    return [address(organisation) for organisation in snapshots]


if __name__ == "__main__":
    main()
