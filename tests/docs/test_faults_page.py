"""Every test that docs/faults.md names exists."""

import re

from tests.docs.test_pages import ROOT

NAMED = re.compile(r"`([a-z0-9]+(?:_[a-z0-9]+){2,})`")


def test_every_test_on_the_page_of_faults_exists() -> None:
    named = NAMED.findall((ROOT / "docs" / "faults.md").read_text())
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    tests = re.findall(r"def (test_\w+)\(", sources)
    assert len(named) > 90
    assert not [name for name in named if not any(test.endswith(f"_{name}") for test in tests)]
