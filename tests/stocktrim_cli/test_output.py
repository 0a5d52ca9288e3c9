"""How values and next steps are written for a person."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from pipelines.errors import UsageError
from stocktrim_cli.chosen_organisation import command_for
from stocktrim_cli.main import _print_error
from stocktrim_cli.output import out, say, show_table, text_of


def test_an_instant_is_written_in_utc_to_the_second() -> None:
    at = datetime(2026, 12, 1, 11, 17, 19, 629459, tzinfo=timezone(timedelta(hours=13)))
    assert text_of(at) == "2026-11-30 22:17:19 UTC"
    assert text_of(at.astimezone(UTC)) == text_of(at)


def test_the_next_command_is_about_the_same_organisation() -> None:
    assert command_for("acme", "plan") == "`stocktrim plan -o acme`"


def test_a_table_stands_under_its_whole_title_and_without_rows_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    title = "A title that is much wider than its table"
    show_table(title, ["product"], [["TEA"]])
    assert capsys.readouterr().out.splitlines()[0] == title
    show_table("Open orders", ["order"], [])
    assert capsys.readouterr().out == "Open orders: none.\n"


def test_no_name_commands_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Names come from Xero: one that clears the screen, sets the window's title or turns the text is shown as text."""
    name = "Mug\x1b[2J\x1b]0;title\x07\x9b31m\u202e\ud800\x00 🧀\tcup"
    say(name)
    out.print(name, markup=False)
    show_table(name, ["product"], [[name]])
    written = capsys.readouterr()
    assert not set("\x1b\x07\x9b\u202e\ud800\x00") & set(written.out + written.err)
    assert written.err.startswith("Mug�[2J�]0;title��31m��� 🧀")


def test_text_that_cannot_be_written_is_refused_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """A terminal of another encoding hands over halves of characters, in a note or a reason."""
    with pytest.raises(UnicodeEncodeError) as broken:
        "d\udce9j\udce0 vu".encode()
    assert _print_error(broken.value) == UsageError.exit_code
    assert capsys.readouterr().err.replace("\n", " ").startswith("Stopped: 'd\\udce9j\\udce0 vu' is not text")
