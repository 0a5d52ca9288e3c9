"""The rights on a home's files: its owner alone may read them, unless a group may read what is published.

What belongs here: the mode of every path of a home, and setting it. What does not: what the files contain.
Only files of this project change; a home that holds other files too keeps its own mode.
Read more in SECURITY.md.
"""

import grp
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pipelines.errors import UsageError

OURS: Final = ("organisations", "dagster", "sandbox", "planner", "secret.key", "stocktrim.sqlite")
PRIVATE_UMASK: Final = 0o077
_OTHERS: Final = 0o077
_TRAVERSE: Final = 0o010
_READ: Final = 0o040
_SNAPSHOTS_AT: Final = 3


def keep_private(home: Path, *, group: int | None = None) -> None:
    """Make a home private to its owner; only `group` may enter and read what is published.

    New files of this process and its children are private too. Files of another owner stay as they are.
    """
    os.umask(PRIVATE_UMASK)
    for path in _paths(home):
        _set(path, group, 0 if group is None else _rights(path, home))


def open_to_readers(path: Path, organisations: Path, *, group: int) -> None:
    """Let a group read a snapshot before it is published, and enter the folders that lead to it."""
    inside = [path, *path.iterdir()] if path.is_dir() else [path]
    for place in [*path.parents[: len(path.relative_to(organisations).parts) - 1], *inside]:
        _set(place, group, _rights(place, organisations.parent))


def open_to_others(home: Path, *, group: int | None = None) -> list[Path]:
    """The paths that others than the owner can read, change or enter, beyond the rights of `group`."""
    return [
        path
        for path in _paths(home)
        if (found := _look(path)) is not None
        and stat.S_IMODE(found.st_mode) & _OTHERS & ~(_rights(path, home) if group == found.st_gid else 0)
    ]


def group_named(name: str) -> int | None:
    """The number of a group by its name or number; None for an empty name.

    Raises:
        UsageError: this machine has no such group.
    """
    if not name:
        return None
    try:
        return int(name) if name.isdecimal() else grp.getgrnam(name).gr_gid
    except KeyError:
        raise UsageError(
            f"STOCKTRIM_PUBLISHED_GROUP is {name!r}: this machine has no such group (`getent group` lists them)."
        ) from None


def _paths(home: Path) -> Iterator[Path]:
    """The home, if it holds only our files, and every path of ours below it; no link is followed."""
    there = [path for path in home.iterdir() if _is_ours(path)] if home.is_dir() else []
    if there and len(there) == len(list(home.iterdir())):
        yield home
    for path in there:
        yield path
        if path.is_dir() and not path.is_symlink():
            for folder, folders, files in os.walk(path):
                yield from (Path(folder, name) for name in (*folders, *files))


def _is_ours(path: Path) -> bool:
    return path.name in OURS or path.name.startswith(("stocktrim.sqlite-", "stocktrim.sqlite.", "secret.key."))


def _rights(path: Path, home: Path) -> int:
    """The rights of the group that reads what is published: to enter the folders, and to read whole snapshots.

    >>> home = Path("/home/stocktrim")
    >>> [oct(_rights(home / rest, home)) for rest in ("", "organisations/acme", "organisations/acme/warehouse.duckdb")]
    ['0o10', '0o10', '0o0']
    >>> oct(_rights(home / "organisations/acme/snapshots/20260301T060500-3f2a9c41", home))
    '0o50'
    """
    parts = path.relative_to(home).parts
    if parts and parts[0] != "organisations":
        return 0
    if len(parts) < _SNAPSHOTS_AT:
        return _TRAVERSE
    if parts[2] != "snapshots" or any(part.endswith(".tmp") for part in parts):
        return 0
    below = len(parts) - _SNAPSHOTS_AT
    return (_TRAVERSE, _TRAVERSE | _READ, _READ)[below] if below <= 2 else 0  # noqa: PLR2004, a snapshot is flat


def _look(path: Path) -> os.stat_result | None:
    """The state of a path; None for a link, or if it has gone meanwhile."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return None if stat.S_ISLNK(found.st_mode) else found


def _set(path: Path, group: int | None, rights: int) -> None:
    found = _look(path)
    if found is None:
        return
    mode = stat.S_IMODE(found.st_mode)
    wanted, is_given = mode & ~_OTHERS | rights, bool(rights) and found.st_gid != group
    try:
        if is_given and group is not None:
            path.chmod(mode & ~_OTHERS)  # the former group never gets the rights of this group
            os.chown(path, -1, group)
        if is_given or mode != wanted:
            path.chmod(wanted)
    except FileNotFoundError:
        return
    except PermissionError as refused:
        if rights:
            raise UsageError(
                f"{path} cannot be given to the group {group} ({refused.strerror}): be a member of the group of "
                f"STOCKTRIM_PUBLISHED_GROUP, or choose another group."
            ) from None
