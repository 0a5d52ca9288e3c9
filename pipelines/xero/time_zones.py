"""Xero's names of time zones as IANA's.

What belongs here: the translation. What does not: clocks.
Xero writes Windows' names in one word of capitals (NEWZEALANDSTANDARDTIME); tzlocal keeps Windows' table.
Read more in docs/glossary.md.
"""

from zoneinfo import ZoneInfo

from tzlocal.windows_tz import win_tz

from pipelines.errors import DataError

_BY_XERO_NAME = {"".join(filter(str.isalnum, name)).upper(): iana for name, iana in win_tz.items()}


def time_zone(xero_name: str) -> ZoneInfo:
    """The zone that Xero means.

    >>> time_zone("NEWZEALANDSTANDARDTIME").key
    'Pacific/Auckland'

    Raises:
        DataError: nobody knows the zone.
    """
    if not xero_name:
        return ZoneInfo("UTC")
    name = _BY_XERO_NAME.get(xero_name.upper())
    if name is None:
        raise DataError(f"The organisation's time zone {xero_name!r} is not known, so its today is not; report it.")
    return ZoneInfo(name)
