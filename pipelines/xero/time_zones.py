"""Xero's names of time zones as IANA's.

What belongs here: the translation, and the sentence about an unknown name. What does not: clocks.
Xero writes Windows' names in one word of capitals (NEWZEALANDSTANDARDTIME); tzlocal keeps Windows' table, as Unicode's
CLDR maintains it.
Read more in docs/glossary.md.
"""

from typing import Final
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import win_tz

# Windows no longer has these two and Xero still offers them; CLDR gave them these zones.
_NO_LONGER_IN_WINDOWS: Final = {"Kamchatka Standard Time": "Asia/Kamchatka", "Mid-Atlantic Standard Time": "Etc/GMT+2"}


def time_zone(xero_name: str) -> ZoneInfo:
    """The zone of Xero's name; UTC if the name is unknown, which `time_zone_problem` reports.

    Xero keeps a plus sign and drops a minus sign: UTC+13 is east, UTC11 is UTC-11.

    >>> time_zone("NEWZEALANDSTANDARDTIME").key, time_zone("UTC+13").key, time_zone("UTC11").key
    ('Pacific/Auckland', 'Etc/GMT-13', 'Etc/GMT+11')
    """
    return ZoneInfo(_BY_XERO_NAME.get(_in_one_word(xero_name), "UTC"))


def time_zone_problem(xero_name: str) -> str | None:
    """The sentence for a person about an unknown time zone; None if it is known.

    >>> time_zone_problem("MARSSTANDARDTIME")[:58]
    "Xero's time zone 'MARSSTANDARDTIME' is not known here, so "
    """
    if _in_one_word(xero_name) in _BY_XERO_NAME:
        return None
    name = f"Xero's time zone {xero_name!r} is not known here" if xero_name else "Xero names no time zone"
    return (
        f"{name}, so days are counted in UTC and today may be a day off; choose another one in Xero "
        f"(Settings, Financial settings), then connect again, and report it."
    )


def _in_one_word(name: str) -> str:
    """A name in Xero's form: capitals, without blanks, full stops and minus signs.

    >>> _in_one_word("E. Australia Standard Time"), _in_one_word("UTC-02"), _in_one_word("UTC+12")
    ('EAUSTRALIASTANDARDTIME', 'UTC02', 'UTC+12')
    """
    return "".join(letter for letter in name.upper() if letter.isalnum() or letter in "+()")


_BY_XERO_NAME: Final = {_in_one_word(name): iana for name, iana in (win_tz | _NO_LONGER_IN_WINDOWS).items()}
