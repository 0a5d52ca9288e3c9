"""The year as a page: what was promised and kept, what was absurd, and the weeks.

What belongs here: text. What does not: figures (`year.py`, `promise.py`).
"""

from collections.abc import Iterable, Iterator, Sequence

from benchmarks.simulated_year.promise import Compared
from benchmarks.simulated_year.story import Story
from benchmarks.simulated_year.year import Year


def report(story: Story, year: Year, compared: Sequence[Compared]) -> str:
    """The page as Markdown."""
    parts = (_head(story), _kept(compared), [year.out_of_reach.sentence()], _absurd(year), _weeks(story, year))
    return "\n".join(line for part in parts for line in (*part, ""))


def _head(story: Story) -> Iterator[str]:
    yield "# A simulated year"
    yield ""
    yield (
        f"{story.products} products of {story.suppliers} suppliers, {story.weeks} weeks from {story.first_review}, "
        f"after {story.history_weeks} weeks of sales. Every load, plan, approval and sending is the real command's."
    )
    yield (
        f"In Xero an order is renumbered (week {story.renumbered}), a supplier merged ({story.merged}), prices rise "
        f"({story.dearer}), a supplier goes out of business ({story.archived}), and one ships nothing in weeks "
        f"{story.shutdown[0]} to {story.shutdown[1]}. One supplier takes orders on Thursdays, one has a "
        f"minimum, a group has a batch size of its own, and an event raises its demand in weeks {story.event[0]} to "
        f"{story.event[1]}."
    )


def _kept(compared: Sequence[Compared]) -> Iterator[str]:
    rows = [
        (one.name, _number(one.promised), f"{_number(one.low)} to {_number(one.high)}", _number(one.achieved),
         "yes" if one.is_kept else "NO")
        for one in compared
    ]  # fmt: skip
    yield from _table(("", "backtest", "95% interval of a year", "the year", "within"), rows)


def _absurd(year: Year) -> Iterator[str]:
    yield from _table(
        ("what a buyer would call absurd", "times"), ((name, str(len(found))) for name, found in year.absurd.items())
    )
    for name, found in year.absurd.items():
        yield from (f"- {name}: {sentence}" for sentence in found)


def _weeks(story: Story, year: Year) -> Iterator[str]:
    names = ("week", "from", "wanted", "served", "fill rate", "kept", "stock value", "orders", "lines", "units")
    yield from _table(
        (*names, "refused", "short of"),
        (
            (
                str(week.number), str(story.monday(week.number)), f"{week.wanted:.0f}", f"{week.served:.0f}",
                f"{week.served / week.wanted:.1%}", f"{week.kept_share:.1%}", f"{week.stock_value:,.0f}",
                str(week.orders), str(week.lines), str(week.units), str(week.refused),
                " ".join(week.short),
            )
            for week in year.weeks
        ),
    )  # fmt: skip


def _number(value: float) -> str:
    """A share in per cent, money without decimals.

    >>> _number(0.951), _number(12345.6)
    ('95.1%', '12,346')
    """
    return f"{value:.1%}" if value <= 1 else f"{value:,.0f}"


def _table(names: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    names = list(names)
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
