"""A name means one module and one class: whoever searches for it finds the place, not several."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

TOP = Path(__file__).parents[1]
PACKAGES = ("pipelines", "planner", "sales_files", "stocktrim_assets", "stocktrim_cli", "xero_sandbox")
# The command has a module a verb, and Dagster's shell one a stage: they bear the name of what they call.
VERBS, STAGES = TOP / "stocktrim_cli", TOP / "stocktrim_assets" / "assets"
MOST_MODULES = 14
SOURCES = [path for package in PACKAGES for path in (TOP / package).rglob("*.py") if "versions" not in path.parts]


def several(names: Iterable[tuple[str, Path]]) -> dict[str, list[str]]:
    """The names that stand for several places, each with these."""
    places: dict[str, list[str]] = defaultdict(list)
    for name, path in names:
        places[name].append(str(path.relative_to(TOP)))
    return {name: found for name, found in places.items() if len(found) > 1}


def test_no_two_modules_have_the_same_name() -> None:
    modules = [path.parent if path.name == "__init__.py" else path for path in SOURCES]
    assert several((path.stem, path) for path in modules if path.parent not in {VERBS, STAGES}) == {}


def test_no_two_public_classes_have_the_same_name() -> None:
    trees = [(path, ast.parse(path.read_text())) for path in SOURCES]
    classes = [(node.name, path) for path, tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assert several((name, path) for name, path in classes if not name.startswith("_")) == {}


def test_no_folder_has_more_than_about_a_dozen_modules() -> None:
    folders = Counter(path.parent for path in SOURCES if path.parent != VERBS)
    assert {str(folder.relative_to(TOP)): count for folder, count in folders.items() if count > MOST_MODULES} == {}


def test_every_exception_from_a_check_has_its_reason_in_words() -> None:
    bare = re.compile(r"# (noqa(: [A-Z]+\d+(, [A-Z]+\d+)*)?|type: ignore(\[[a-z,-]+\])?)$")
    found = []
    for path in [
        *SOURCES,
        *(file for folder in ("tests", "benchmarks", "examples") for file in (TOP / folder).rglob("*.py")),
    ]:
        lines = path.read_text().splitlines()
        for above, line in zip(["", *lines], lines, strict=False):
            if bare.search(line) and not above.lstrip().startswith("#"):
                found.append(f"{path.relative_to(TOP)}: {line.strip()}")
    assert found == []
