"""The pages are there where the code sends its readers, and every dependency says why it is there."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("pipelines", "sales_files", "stocktrim_assets", "stocktrim_cli", "xero_sandbox")
PACKAGES = (*OURS, "benchmarks", "tests", "dbt_project")
PAGE = re.compile(r"\b(?:docs/[\w/.-]+\.md|README\.md|SECURITY\.md|CONTRIBUTING\.md|CHANGELOG\.md)\b")
LINK = re.compile(r"\]\((?!https?://)([^)#]+)(?:#[^)]*)?\)")


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        for kind in ("*.py", "*.sql", "*.yml", "*.yaml", "*.md"):
            yield from (path for path in (ROOT / package).rglob(kind) if "target" not in path.parts)


def pages() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*/*.md")])


def test_every_page_that_is_named_exists() -> None:
    named = {(page, path) for path in [*sources(), *pages()] for page in PAGE.findall(path.read_text())}
    assert {page for page, _ in named} >= {"docs/tour.md", "docs/operations.md", "docs/maths.md"}
    assert not [(page, str(path.relative_to(ROOT))) for page, path in named if not (ROOT / page).exists()]


def test_every_link_leads_somewhere() -> None:
    links = [(page, target) for page in pages() for target in LINK.findall(page.read_text())]
    assert len(links) > 20
    assert not [(page.name, target) for page, target in links if not (page.parent / target).exists()]


def test_every_package_says_where_to_read_more() -> None:
    modules = [path for one in OURS for path in (ROOT / one).rglob("*.py") if "migrations" not in path.parts]
    silent = [path for path in modules if path.stat().st_size and "Read more" not in path.read_text()]
    assert not silent


def test_every_failure_that_is_explained_can_happen() -> None:
    rows = re.search(r"## Failures.*?\n\| --- .*?\n(.*?)\n\n", (ROOT / "docs" / "operations.md").read_text(), re.DOTALL)
    assert rows
    said = " ".join(re.sub(r'"\s*f?"', "", path.read_text()) for path in sources())
    result = [line.split("|")[1].strip(" …") for line in rows[1].splitlines()]
    assert len(result) > 10
    assert not [sentence for sentence in result if sentence not in said]


def test_every_dependency_says_why() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    site = [line for line in (ROOT / "docs" / "requirements.in").read_text().splitlines() if line[0] != "#"]
    declared = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"], *site]
    names = [re.split(r"[\[<>=]", requirement)[0] for requirement in declared]
    explained = re.findall(
        r"^- `([\w-]+)`: .+\.$", (ROOT / "docs" / "adr" / "dependencies.md").read_text(), re.MULTILINE
    )
    assert sorted(explained) == sorted(names)
