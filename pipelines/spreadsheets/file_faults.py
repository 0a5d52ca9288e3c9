"""What makes a file from a spreadsheet, or one of its rows, unusable.

Read more in docs/buyer/settings.md, "In a spreadsheet".
"""

from dataclasses import dataclass

from pipelines.errors import DataError


class SpreadsheetFileError(DataError):
    """A file from a spreadsheet cannot be used; nothing was changed."""


@dataclass(frozen=True)
class RequestFault:
    """Why a row cannot be used: the line and the column of its file, and a sentence."""

    line: int
    column: str
    problem: str
