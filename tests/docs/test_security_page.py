"""Every test that docs/security.md names exists, and every chapter of the standard has its place."""

import re

from tests.docs.test_pages import ROOT

NAMED = re.compile(r"`([a-z0-9]+(?:_[a-z0-9]+){2,})`")


def test_every_test_on_the_page_of_security_exists() -> None:
    page = (ROOT / "docs" / "security.md").read_text()
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    tests = re.findall(r"def (test_\w+)\(", sources)
    named = NAMED.findall(page)
    assert len(named) > 60
    assert not [name for name in named if f"test_{name}" not in tests]
    assert re.findall(r"^### V(\d+) ", page, re.MULTILINE) == [str(number) for number in range(1, 18)]
