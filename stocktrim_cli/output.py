"""The command's output: sentences on stderr, tables and results on stdout.

What belongs here: the two consoles, tables, JSON for programs. What does not: the texts.
Read more in docs/interfaces.md.
"""

import json
import logging
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from stocktrim_cli.heartbeat import Heartbeat

# A pipe has no width of its own: wide enough for the bridge of a plan line.
PIPE_WIDTH: Final = 160
heartbeat: Final = Heartbeat()
# Control characters but tabs and line ends, marks that turn the direction of text, and halves of characters.
_COMMANDING: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class _Output(Console):
    """A console that ends a line of dots before it prints."""

    def print(self, *objects: Any, **options: Any) -> None:
        heartbeat.pause()
        super().print(*(visible(one) if isinstance(one, str) else one for one in objects), **options)


out: Final = _Output(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
err: Final = _Output(stderr=True, highlight=False, width=None if sys.stderr.isatty() else PIPE_WIDTH)


def say(sentence: str) -> None:
    """Print a sentence on stderr."""
    err.print(escape(sentence))


def show_json(value: object) -> None:
    """Print a result as JSON for another program."""
    heartbeat.pause()
    sys.stdout.write(json.dumps(value, default=_plain, indent=2, ensure_ascii=False) + "\n")


def show_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, numbers: Iterable[str] = ()
) -> None:
    """Print a table under its title, or that there is nothing; the columns in `numbers` are aligned to the right."""
    texts = [[escape(text_of(value)) for value in row] for row in rows]
    out.print(f"[italic]{escape(title)}[/italic]" if texts else f"{escape(title)}: none.")
    if not texts:
        return
    table = Table(header_style="bold")
    right = set(numbers)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in texts:
        table.add_row(*row)
    out.print(table)


def visible(text: str) -> str:
    r"""A text that commands no terminal: characters that move, hide, colour or turn what is shown are replaced.

    Names come from Xero, where anybody who makes a document may write them.

    >>> visible("Mug \x1b[2J\u202e"), visible("two\nlines")
    ('Mug �[2J�', 'two\nlines')
    """
    return _COMMANDING.sub("\N{REPLACEMENT CHARACTER}", text)


def text_of(value: object) -> str:
    """A value as text for a person."""
    if value is None:
        return ""
    if isinstance(value, float):
        value += 0.0  # turns -0.0 into 0.0
        return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if value.tzinfo else f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return visible(str(value))


def counted(number: int, noun: str) -> str:
    """A number with its noun, in the plural unless the number is 1.

    >>> counted(1, "product"), counted(1200, "product")
    ('1 product', '1,200 products')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def decimals_of(value: Decimal, *, least: int = 0) -> str:
    """A number with all its decimals, and at least so many.

    >>> decimals_of(Decimal("12.00")), decimals_of(Decimal("0.0040"), least=2), decimals_of(Decimal("2.5000"), least=2)
    ('12', '0.004', '2.50')
    """
    exponent = value.normalize().as_tuple().exponent
    return f"{value:,.{max(least, -exponent if isinstance(exponent, int) else 0)}f}"


def rows_of(records: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> list[list[Any]]:
    """The rows of these columns of records."""
    return [[record[column] for column in columns] for record in records]


def show_progress() -> "_Lines":
    """Show the progress of the steps: a line for each report, and on a terminal bars for steps, pages and tables."""
    logger = logging.getLogger("pipelines")
    logger.setLevel(logging.INFO)
    for handler in logger.handlers:
        if isinstance(handler, _Lines):
            return handler
    handler = _Lines()
    logger.addHandler(handler)
    if err.is_terminal:
        logging.getLogger("pipelines.bars").addHandler(handler)
    return handler


class _Lines(logging.Handler):
    """A log handler that prints lines, and on a terminal bars for the steps of a run and the pages of a list."""

    def __init__(self) -> None:
        super().__init__()
        self._bars = Progress(
            TextColumn("  {task.description}"), BarColumn(), TextColumn("{task.fields[unit]} of {task.total}"),
            TimeElapsedColumn(), console=err, transient=True, redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}

    def emit(self, record: logging.LogRecord) -> None:
        step, page = getattr(record, "step", None), getattr(record, "progress", None)
        if page is not None and err.is_terminal:
            name, unit, number, total = page
            self._show(name, name, f"{unit} {number}", number, total)
            return
        say(f"  {record.getMessage()}")
        if step is not None and err.is_terminal:
            sentence, number, steps = step
            self._show("", sentence, f"step {number}", number - 1, steps)

    def close(self) -> None:
        """Remove the bars; the next record shows them again."""
        if not self._tasks:
            return  # rich prints an empty line for bars that were never shown
        self._stop_bars()
        for task in self._tasks.values():
            self._bars.remove_task(task)
        self._tasks = {}

    def _show(self, name: str, description: str, unit: str, done: int, total: int) -> None:
        """Move a bar: that of a list by its name, that of the run by none. A list that is read loses its bar."""
        if name not in self._tasks:
            heartbeat.pause()
            heartbeat.is_muted = True
            self._bars.start()
            self._tasks[name] = self._bars.add_task(description, total=total, unit=unit)
        self._bars.update(self._tasks[name], description=description, completed=done, total=total, unit=unit)
        if done == total:
            self._bars.remove_task(self._tasks.pop(name))
        if not self._tasks:
            self._stop_bars()

    def _stop_bars(self) -> None:
        self._bars.stop()
        heartbeat.is_muted = False


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
