"""What `stocktrim doctor` looks through in a home: the warehouse, what is published, who may read it.

What belongs here: checks, each a sentence or an error that says what to do. What does not: showing them (`doctor.py`).
Read more in docs/operations.md.
"""

from shlex import quote
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.settings import Settings


def store_schema(settings: "Settings", _: str) -> str:
    """The version of the store's schema; a newer one is refused, an older one brought up at the first use."""
    from pipelines.store.engine import HEAD, stored_version

    version = stored_version(settings.database_url)
    if version is not None and version < HEAD:
        return f"version {version}, brought to {HEAD} now; the store as it was lies beside it"
    return f"version {version or HEAD}"


def warehouse(settings: "Settings", key: str) -> str:
    """The warehouse, every value of it; nothing is examined while a run works on it."""
    from pipelines.storage.run_locks import at_work
    from pipelines.storage.warehouse import examine

    folder = settings.organisation_folder(key)
    if name := at_work(folder):
        return f"not examined: {name} is working on it"
    rows = examine(folder)
    return f"{rows:,} rows, all readable" if rows else "none yet"


def published(settings: "Settings", key: str) -> str:
    """The published snapshot, every file of it."""
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
    """Whether anybody else could read or change what lies in the home."""
    from pipelines.errors import DataError
    from pipelines.storage.permissions import open_to_others

    found = open_to_others(settings.home, group=settings.published_group)
    if found:
        first = quote(str(found[0]))
        raise DataError(
            f"Others than the owner can reach {len(found)} files and folders of the home, such as {first}: the next "
            f"run of its owner closes them, or `chmod -R go= {quote(str(settings.home))}`."
        )
    return "the owner's alone" + ("" if settings.published_group is None else ", but what is published")
