"""Who decides is the name of a person: given, set, or asked for once and kept."""

import io
import stat
import sys

import pytest

from pipelines.errors import UsageError
from stocktrim_cli.who import checked_name, person
from tests.end_to_end.conftest import Command


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def home(stocktrim: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """A home in which nobody said who they are."""
    monkeypatch.delenv("STOCKTRIM_USER")
    return stocktrim


@pytest.mark.usefixtures("home")
def test_the_given_name_comes_first_then_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKTRIM_USER", "Anna Bell")
    assert (person(" Ben  Carr "), person("")) == ("Ben Carr", "Anna Bell")


@pytest.mark.usefixtures("home")
def test_without_a_name_and_a_terminal_nothing_is_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("Anna\n"))
    monkeypatch.setenv("LOGNAME", "somebody")
    with pytest.raises(UsageError, match="not known who decides: add --by NAME, or set STOCKTRIM_USER"):
        person("")


def test_on_a_terminal_the_name_is_asked_once_and_kept(home: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("Anna\n"))
    assert person("") == "Anna"
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert person("") == "Anna"
    kept = home.home / "user"
    assert (kept.read_text(), stat.S_IMODE(kept.stat().st_mode)) == ("Anna\n", 0o600)


@pytest.mark.parametrize(
    "name", ["root", "ROOT", " ", "www-data", "plan", "stocktrim", "a" * 81, "Anna\x1b[31m", "Anna\u200b"]
)
def test_a_login_or_no_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"is a login|A name has"):
        checked_name(name)
