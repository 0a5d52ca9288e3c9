"""`python -m benchmarks.simulated_year`: live the year, print it as a page, and end with an error if it was absurd."""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Final

from benchmarks.simulated_year.buyer import Buyer
from benchmarks.simulated_year.promise import Compared, Promise, broken, compare, promise_of
from benchmarks.simulated_year.report import report
from benchmarks.simulated_year.story import A_YEAR, HALF_A_YEAR, SOME_WEEKS, Story
from benchmarks.simulated_year.year import Year, live

STORIES: Final = {"year": A_YEAR, "half": HALF_A_YEAR, "weeks": SOME_WEEKS}


def live_and_compare(story: Story, home: Path, *, is_told: bool = False) -> tuple[Year, list[Compared]]:
    """The year, and what it kept of the promise that the backtest made before it."""
    promises: list[Promise] = []

    def progress(sentence: str) -> None:
        if is_told:
            print(sentence, file=sys.stderr, flush=True)

    def before(_: Buyer) -> None:
        promises.append(promise_of())
        progress(promises[0].sentence())

    year = live(story, home, before=before, progress=progress)
    return year, compare(promises[0], year.weeks)


def main() -> None:
    """Live and print."""
    parser = argparse.ArgumentParser(description=__doc__.split(": ", maxsplit=1)[1])
    parser.add_argument("--weeks", type=int, default=0, help="only the first weeks")
    parser.add_argument("--story", choices=list(STORIES), default="year", help="how much; `weeks` is the test's")
    parser.add_argument("--home", type=Path, help="where the planner's data are kept; by default nowhere")
    chosen = parser.parse_args()
    story = STORIES[chosen.story]
    if chosen.weeks:
        story = story.shortened(chosen.weeks)
    with tempfile.TemporaryDirectory() as nowhere:
        year, compared = live_and_compare(story, chosen.home or Path(nowhere), is_told=True)
    print(report(story, year, compared))
    if any(year.absurd.values()) or broken(compared):
        sys.exit(1)


if __name__ == "__main__":
    main()
