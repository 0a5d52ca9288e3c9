"""The maths pages: what the code sends its readers to is there, and lines stay short enough to compare versions."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.test_pages import ROOT, pages, sources

MATHS, EXPERIMENTS = ROOT / "docs" / "maths.md", ROOT / "docs" / "experiments.md"
LONGEST_LINE = 160
SECTION = re.compile(r"(maths|experiments)\.md#([\w-]+)")


def sections(page: Path) -> set[str]:
    """The anchors of a page's headings, as the site makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower()) for heading in headings}


def named_sections() -> Iterator[tuple[str, str]]:
    for path in [*sources(), *pages()]:
        yield from SECTION.findall(path.read_text())


def test_every_section_of_the_maths_that_is_named_exists() -> None:
    known = {page.stem: sections(page) for page in (MATHS, EXPERIMENTS)}
    named = set(named_sections())
    assert {section for page, section in named if page == "maths"} >= {"demand-patterns", "calibration"}
    assert not [(page, section) for page, section in named if section not in known[page]]


@pytest.mark.parametrize("page", [MATHS, EXPERIMENTS], ids=lambda page: page.stem)
def test_no_line_is_longer_than_a_reader_can_compare(page: Path) -> None:
    assert not [line for line in page.read_text().splitlines() if len(line) > LONGEST_LINE]


def test_every_module_that_the_maths_names_exists() -> None:
    named = re.findall(r"`((?:\w+/)+\w*(?:\.py)?)`", MATHS.read_text())
    assert len(named) > 20
    assert not [path for path in named if not any((ROOT / top / path).exists() for top in ("pipelines", "."))]
