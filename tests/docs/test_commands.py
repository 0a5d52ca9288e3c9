"""Every command that a page names exists, with the options that it names, and has a help."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from stocktrim_cli.main import app
from tests.docs.test_pages import ROOT, pages

CODE = re.compile(r"```[a-z]*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
WRITTEN_FROM_THE_SYSTEM = {"interfaces.md"}


def code_of_pages() -> Iterator[tuple[str, str]]:
    """Each line of code of a page."""
    for page in pages():
        if page.name not in WRITTEN_FROM_THE_SYSTEM:
            for block, inline in CODE.findall(page.read_text()):
                yield from ((page.name, line.split(" # ")[0].strip()) for line in (block or inline).splitlines())


def named_commands() -> list[tuple[str, str]]:
    found = [(page, re.search(r"(?:^|\bbin/)(stocktrim(?: .*|$))", line)) for page, line in code_of_pages()]
    return sorted({(page, named[1]) for page, named in found if named})


def the_command(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the words begin with, and what is left of them."""
    command: Any = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize(("page", "line"), named_commands())
def test_a_command_on_a_page_exists(page: str, line: str) -> None:
    command, rest = the_command(re.sub(r'"[^"]*"', "TEXT", line).split()[1:])
    assert command.help, f"{page}: `{line}` has no help"
    is_group = hasattr(command, "commands")
    assert not is_group or not rest or rest[0].startswith("-"), f"{page}: `{line}` names no command"
    known = {name for one in command.params for name in [*one.opts, *one.secondary_opts]} | {"--help"}
    options = {word.split("=")[0] for word in rest if word.startswith("-")}
    assert options <= known | {"--debug"}, f"{page}: `{line}` has options that do not exist"


def test_pages_name_every_command_of_the_buyers_day() -> None:
    verbs = {line.split()[1] for page, line in named_commands() if page == "README.md" and " " in line}
    assert verbs >= {"connect", "load", "plan", "orders", "settings", "explain", "sandbox", "serve"}


def test_a_make_target_on_a_page_exists_and_is_explained() -> None:
    explained = set(re.findall(r"^([a-z-]+):.*## .+", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = [
        (page, re.match(r"make((?: [a-z-]+)+)", line)) for page, line in code_of_pages() if line.startswith("make ")
    ]
    targets = {(page, target) for page, words in named if words for target in words[1].split()}
    assert {target for _, target in targets} >= {"demo", "test", "lint", "serve", "docs", "bench"}
    assert not [(page, target) for page, target in targets if target not in explained]
