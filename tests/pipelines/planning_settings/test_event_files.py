"""Events as a file: a round trip changes nothing, and every bad row is named by line and column."""

from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.planning_settings.demand_settings.demand_events import DemandEvent, Scope, demand_event
from pipelines.planning_settings.demand_settings.event_csv import EventsFileError, read_events, written_events

FILE = Path("events.csv")
HEAD = "event,from,until,factor,for,subject\n"


def found(scope: Scope, text: str) -> str:
    assert scope == "product"
    if text == "GONE":
        raise UsageError("There is no product 'GONE'.")
    return text


def read(text: str) -> tuple[list[DemandEvent], list[tuple[int, str]]]:
    events, faults = read_events(FILE, text.encode(), find=found)
    return events, [(fault.line, fault.column) for fault in faults]


def an_event(name: str, *subjects: str) -> DemandEvent:
    scope: Scope = "product" if subjects else "all"
    return demand_event(
        name, from_day="2026-05-01", until_day="2026-05-03", factor="1.5", scope=scope, subjects=subjects
    )  # fmt: skip


def test_a_round_trip_changes_nothing_whatever_the_names():
    events = [an_event("=cmd|' /C calc'!A0", "00123", "A,B", '"quoted"'), an_event("Ünïcode 🧀")]
    data = written_events(events, subject_name=lambda _, subject: subject)
    assert b"\n'=cmd" in data
    assert read_events(FILE, data, find=found) == (events, [])


def test_a_file_of_another_spreadsheet_comes_in():
    text = (HEAD + "Sale,2026-05-01,2026-05-03,1.5,All,\n").replace(",", ";").replace("1.5", "1,5")
    assert read(text) == ([an_event("Sale")], [])


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ("Fair,2026-05-01,2026-05-03,1e9,all,", (3, "event")),
        ("Fair,2026-05-03,2026-05-01,2,all,", (3, "event")),
        ("Fair,2026-05-01,2026-05-03,2,everything,", (3, "for")),
        ("Fair,2026-05-01,2026-05-03,2,product,GONE", (3, "subject")),
        ("Sale,2026-05-01,2026-05-03,2,all,", (3, "factor")),
    ],
)
def test_a_bad_row_is_named(row: str, place: tuple[int, str]) -> None:
    _, faults = read(f"{HEAD}Sale,2026-05-01,2026-05-03,1.5,all,\n{row}\n")
    assert faults == [place]


def test_a_file_without_the_columns_is_refused():
    with pytest.raises(EventsFileError, match="lacks the columns until"):
        read("event,from,factor,for,subject\n")
