"""Secret: a text that no log, page or file shows: a client secret, a token, a key.

What belongs here: the type in which such texts travel. What does not: keeping them (`pipelines.store.secrets`).
Read more in SECURITY.md.
"""

import hmac
from typing import NoReturn


class Secret:
    """Shows itself only to code that asks: never in a repr, a log line, an f-string, JSON, `vars()` or a pickle.

    >>> f"{Secret('hunter2')} {Secret('hunter2')!r}"
    "*** Secret('***')"
    >>> Secret("hunter2").reveal()
    'hunter2'
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that sends or encrypts it."""
        return self._text

    def __eq__(self, value: object) -> bool:
        return isinstance(value, Secret) and hmac.compare_digest(self._text.encode(), value._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)

    def __str__(self) -> str:
        return "***"

    def __repr__(self) -> str:
        return "Secret('***')"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret stays in its process; it cannot be pickled.")
