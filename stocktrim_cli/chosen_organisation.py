"""The organisation that a command works on: the option `--organisation`, and its default.

What belongs here: choosing a key. What does not: opening the organisation (`pipelines.organisations`).
Read more in docs/operations.md.
"""

from collections.abc import Sequence
from contextlib import closing
from typing import Annotated, Final

import typer

_HELP: Final = "The organisation's key; default: the only one connected, else STOCKTRIM_ORGANISATION."


def choose_organisation(given: str) -> str:
    """The given key, or the default of this home.

    Raises:
        PlannerError: nothing is given, and the home has no default; or it is the key of no organisation, nor was.
    """
    from pipelines.settings import read_settings
    from pipelines.store.connected_organisations import get_organisation, list_organisations
    from pipelines.store.engine import open_store

    settings = read_settings()
    if given and settings.organisation_folder(given).exists():
        return given
    with closing(open_store(settings.database_url)) as store:
        if given:
            return get_organisation(store, given).key
        connected = [organisation.key for organisation in list_organisations(store)]
    return default_organisation(connected, preferred=settings.organisation)


def default_organisation(connected: Sequence[str], *, preferred: str | None) -> str:
    """The only connected organisation, else the one that STOCKTRIM_ORGANISATION names.

    >>> default_organisation(["acme"], preferred=None), default_organisation(["acme", "beta"], preferred="beta")
    ('acme', 'beta')

    Raises:
        UsageError: no organisation is connected, or several are and none of them is preferred.
    """
    from pipelines.errors import UsageError

    if not connected:
        raise UsageError("No organisation is connected yet: run `stocktrim connect`, or `make demo` for a made-up one.")
    if len(connected) == 1:
        return connected[0]
    if preferred in connected:
        return str(preferred)
    keys = ", ".join(connected)
    if preferred is None:
        raise UsageError(f"Several organisations are connected: add `-o KEY` or set STOCKTRIM_ORGANISATION to {keys}.")
    raise UsageError(f"STOCKTRIM_ORGANISATION is {preferred!r}, which is not connected: use one of {keys}.")


UnsettledOrganisationOption = Annotated[str, typer.Option("--organisation", "-o", metavar="KEY", help=_HELP)]
OrganisationOption = Annotated[
    str, typer.Option("--organisation", "-o", metavar="KEY", help=_HELP, callback=choose_organisation)
]
# An empty option is replaced by the home's default.
DEFAULT_ORGANISATION: Final = ""


def command_for(organisation: str, words: str) -> str:
    """The next command to run for the same organisation, such as `stocktrim plan -o acme`."""
    return f"`stocktrim {words} -o {organisation}`"
