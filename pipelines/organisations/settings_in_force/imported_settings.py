"""A file of settings: what it would change, or every row that cannot be used, by line and column.

What belongs here: joining the file's rows with the settings as they are. What does not: reading a file
(`planning_settings/setting_csv.py`).
Read more in docs/buyer/settings.md, "In a spreadsheet".
"""

from dataclasses import dataclass
from pathlib import Path

from pipelines.organisations.settings_in_force.organisation_settings import OrganisationSettings
from pipelines.planning_settings.setting_files.requested_settings import Proposal
from pipelines.planning_settings.setting_files.setting_csv import lost_zeros, read_csv
from pipelines.spreadsheets.file_faults import RequestFault
from sales_files.forms import DateOrder, DecimalMark


@dataclass(frozen=True)
class ImportedSettings:
    """What a file would change, what is wrong in it by line, and how it was read."""

    proposal: Proposal
    faults: list[RequestFault]
    notes: list[str]


def imported_settings(
    now: OrganisationSettings, file: Path, data: bytes, *, decimal: DecimalMark | None = None,
    date_order: DateOrder | None = None,
) -> ImportedSettings:  # fmt: skip
    """What a file would change; `file` only names it in sentences.

    Raises:
        SpreadsheetFileError: the file is no text, or its headings are not those of settings.
    """
    read = read_csv(file, data, decimal=decimal, date_order=date_order)
    proposal = now.propose(read.requests)
    faults = sorted([*read.faults, *proposal.faults, *lost_zeros(proposal.changes)], key=lambda fault: fault.line)
    return ImportedSettings(proposal, faults, read.notes)
