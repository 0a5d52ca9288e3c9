"""What a person may have meant by a name that does not exist.

What belongs here: comparing names, and the sentence that lists them. What does not: the names.
Read more in docs/interfaces.md.
"""

from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final

LISTED: Final = 8


def unknown_name(noun: str, wanted: str, known: Iterable[str]) -> str:
    """The sentence for a name that does not exist: it lists those that do, the nearest first, eight at most.

    >>> unknown_name("status", "shortt", ["enough", "short", "too_much"])
    "There is no status 'shortt'. Nearest first: short, enough, too_much."
    """
    names = nearest_first(wanted, known)
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    listed = f"Nearest first: {', '.join(names[:LISTED])}{more}." if names else "There is none yet."
    return f"There is no {noun} {wanted!r}. {listed}"


def several_named(nouns: str, wanted: str, ids: Iterable[str]) -> str:
    """The sentence for a name that several have: it lists their ids.

    >>> several_named("suppliers", "Acme", ["s-2", "s-1"])
    "2 suppliers are called 'Acme': give the id of one, s-1 or s-2."
    """
    found = sorted(ids)
    return f"{len(found)} {nouns} are called {wanted!r}: give the id of one, {' or '.join(found)}."


def nearest_first(wanted: str, known: Iterable[str]) -> list[str]:
    """The known names, the most similar first, whatever their case and their separators.

    >>> nearest_first("leadtime", ["service_level", "lead_time_days"])
    ['lead_time_days', 'service_level']
    """
    return sorted(known, key=lambda name: -SequenceMatcher(None, _plain(wanted), _plain(name)).ratio())


def _plain(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())
