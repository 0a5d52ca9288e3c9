"""Writes the kinds of exceptions into docs/buyer/exceptions.md: `python -m tests.docs.exceptions_page`.

What belongs here: the list. What does not: the rest of the page, which people write.
"""

import re
from pathlib import Path

from pipelines.exceptions.kinds import KINDS, SEVERITIES
from tests.docs.markdown import table

PAGE = Path(__file__).parents[2] / "docs" / "buyer" / "exceptions.md"
BLOCK = re.compile(r"(<!-- kinds: .*? -->\n).*?(<!-- end -->)", re.DOTALL)


def kinds() -> str:
    """The kinds, the severest first, as a table."""
    rows = [kind for severity in SEVERITIES for kind in KINDS.values() if kind.severity == severity]
    return table(
        ["kind", "severity", "what it is", "money at stake"],
        [[f"`{kind.code}`", kind.severity, kind.title, kind.money] for kind in rows],
    )


def severities() -> str:
    """The severities and what they mean, as a table."""
    return table(["severity", "meaning"], [[f"`{name}`", meaning] for name, meaning in SEVERITIES.items()])


def page() -> str:
    written = f"{severities()}\n\n{kinds()}\n"
    return BLOCK.sub(lambda found: f"{found[1]}{written}{found[2]}", PAGE.read_text(), count=1)


if __name__ == "__main__":
    PAGE.write_text(page())
