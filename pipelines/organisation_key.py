"""The rule for an organisation's key, which names a folder, a partition in Dagster and an option of every command.

What belongs here: the one rule for keys. What does not: which organisations there are
(`store.connected_organisations`).
`Settings.organisation_folder` checks every key here before it makes a path of it: no key leads out of the home.
Read more in docs/operations.md.
"""

import re
from typing import Final

from pipelines.errors import UsageError

_KEY: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
# No folder can bear these names on Windows.
_RESERVED: Final = frozenset(
    ("con", "prn", "aux", "nul", *(f"{device}{digit}" for device in ("com", "lpt") for digit in range(1, 10)))
)
_SHOWN: Final = 60


class OrganisationError(UsageError):
    """There is no such organisation, or it cannot be connected under this key."""


def check_key(key: str) -> str:
    """The key, checked.

    Raises:
        OrganisationError: the key has other than lower-case letters, digits and dashes, is too long, or is reserved.
    """
    if not _KEY.fullmatch(key) or key in _RESERVED:
        shown = f"{key[:_SHOWN]!r}{' …' if len(key) > _SHOWN else ''}"
        raise OrganisationError(
            f"{shown} cannot be an organisation's key: use up to 40 lower-case letters, digits and dashes, and "
            f"no name that Windows keeps for devices, such as con."
        )
    return key
