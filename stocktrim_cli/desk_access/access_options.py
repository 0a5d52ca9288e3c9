"""What the commands of people and tokens share: the store and the security log, opened; which organisations are meant.

What belongs here: options and opening. What does not: what is decided (`planner.security.access`).
Read more in docs/desk.md.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from stocktrim_cli.chosen_organisation import choose_organisation

if TYPE_CHECKING:
    from planner.security.access import DeskAccess

RoleOption = Annotated[str, typer.Option("--role", metavar="ROLE", help="viewer, planner, approver or administrator.")]
EverywhereOption = Annotated[bool, typer.Option("--all", help="For every organisation, also those to come.")]
EVERY: Final = "every organisation"


@contextmanager
def opened_access() -> Iterator["DeskAccess"]:
    """Who may do what, by the store of this home; changes go into its security log."""
    from pipelines.settings import read_settings
    from pipelines.store.engine import open_store
    from planner.security.access import DeskAccess
    from planner.security.security_log import SecurityLog

    settings = read_settings()
    with closing(open_store(settings.database_url)) as store, closing(SecurityLog(settings.planner_folder)) as log:
        yield DeskAccess(lambda: store, log)


def meant(organisation: str, *, everywhere: bool) -> str:
    """The key of the organisation that is meant; none for every one.

    Raises:
        UsageError: both are named.
    """
    from pipelines.errors import UsageError

    if everywhere and organisation:
        raise UsageError("Give --organisation or --all, not both.")
    return "" if everywhere else choose_organisation(organisation)


def reach_of(key: str) -> str:
    """An organisation in words."""
    return key or EVERY
