"""The doctor's checks of a home: the store's version, the warehouse, the published snapshot, permissions.

What belongs here: checks that return a finding, or raise an error that says what to do. What does not: showing them
(`doctor.py`).
Read more in docs/operations.md.
"""

from shlex import quote
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.settings import Settings


def store_schema(settings: "Settings", _: str) -> str:
    """The version of the store's schema. A newer version is refused; an older one is upgraded at first use."""
    from pipelines.store.engine import HEAD, stored_version

    version = stored_version(settings.database_url)
    if version is not None and version < HEAD:
        return f"version {version}, upgraded to {HEAD} now; a copy of the old store is kept beside it"
    return f"version {version or HEAD}"


def warehouse(settings: "Settings", key: str) -> str:
    """The number of rows in the warehouse, every value read; it is not examined while a run works on it."""
    from pipelines.storage.run_locks import at_work
    from pipelines.storage.warehouse import examine

    folder = settings.organisation_folder(key)
    if name := at_work(folder):
        return f"not examined: {name} is working on it"
    rows = examine(folder)
    return f"{rows:,} rows, all readable" if rows else "none yet"


def published(settings: "Settings", key: str) -> str:
    """The name of the published snapshot, every file read."""
    from pipelines.errors import DataError
    from pipelines.storage.snapshots import NothingPublishedError, examine_published

    folder = settings.organisation_folder(key)
    link = folder / "published"
    if link.is_symlink() and not link.exists():
        raise DataError(f"{link} leads nowhere: run `stocktrim load`, which publishes a new snapshot.")
    try:
        return f"{examine_published(folder).name}, all readable"
    except NothingPublishedError:
        return "none yet"


def permissions(settings: "Settings", _: str) -> str:
    """Whether only the owner can read and change the home."""
    from pipelines.errors import DataError
    from pipelines.storage.permissions import open_to_others

    found = open_to_others(settings.home, group=settings.published_group)
    if found:
        first = quote(str(found[0]))
        raise DataError(
            f"Other users can reach {len(found)} files and folders of the home, such as {first}: run "
            f"`chmod -R go= {quote(str(settings.home))}`, or any command as the owner."
        )
    return "only the owner" + ("" if settings.published_group is None else "; published data also the group")
