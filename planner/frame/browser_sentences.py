"""Sentences of the steps, for a browser: what they say of commands is left out.

What belongs here: what a sentence must lose before a page shows it. What does not: the sentences.
"""

import re
from typing import Final

_COMMAND: Final = re.compile(r"`(stocktrim|make)\b")
_END: Final = re.compile(r"(?<=[.;:,]) +")


def without_commands(text: str) -> str:
    """A text without the parts of its sentences that name a command of the terminal.

    >>> without_commands("Xero no longer accepts this connection; connect again with `stocktrim connect`.")
    'Xero no longer accepts this connection.'
    >>> without_commands("Nothing was loaded yet: run `stocktrim load`. It takes a minute.")
    'Nothing was loaded yet. It takes a minute.'
    >>> without_commands("Two things, both gone.")
    'Two things, both gone.'
    """
    kept: list[str] = []
    for part in _END.split(text.strip()):
        if not _COMMAND.search(part):
            kept.append(part)
        elif kept and part.endswith("."):
            kept[-1] = f"{kept[-1].rstrip('.;:,')}."
    return " ".join(kept)
