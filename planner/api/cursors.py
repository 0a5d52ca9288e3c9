"""Cursors: where a list goes on, within one snapshot.

What belongs here: places in a list as texts. What does not: the lists.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode

from fastapi import HTTPException


def cursor_to(snapshot_id: str, row: int, rows: int) -> str | None:
    """The cursor to a row; None after the last."""
    return urlsafe_b64encode(f"{snapshot_id} {row}".encode()).decode() if row < rows else None


def row_of(cursor: str, snapshot_id: str) -> int:
    """The row that a cursor leads to.

    Raises:
        HTTPException: it is no cursor, or another snapshot was published since.
    """
    if not cursor:
        return 0
    try:
        snapshot, _, row = urlsafe_b64decode(cursor).decode().rpartition(" ")
        number = int(row)
    except (binascii.Error, ValueError):
        raise HTTPException(400, "This is not a cursor: begin without one.") from None
    if snapshot != snapshot_id:
        raise HTTPException(410, "A newer plan was published meanwhile: begin again without a cursor.")
    return max(0, number)
