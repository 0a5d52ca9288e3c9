"""Writes the list of published tables into docs/bi.md: `python -m tests.docs.bi_page`.

What belongs here: the list. What does not: the rest of the page, which people write.
"""

import re
from pathlib import Path

from pipelines.storage.tables import PUBLISHED

PAGE = Path(__file__).parents[2] / "docs" / "bi.md"
BLOCK = re.compile(r"(<!-- tables: .*? -->\n).*?(<!-- end -->)", re.DOTALL)


def page() -> str:
    rows = "".join(f"| `{table.name}` | {table.stage} | {table.grain} |\n" for table in PUBLISHED)
    written = f"| table | stage | grain |\n| --- | --- | --- |\n{rows}"
    return BLOCK.sub(lambda found: f"{found[1]}{written}{found[2]}", PAGE.read_text(), count=1)


if __name__ == "__main__":
    PAGE.write_text(page())
