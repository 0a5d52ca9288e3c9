"""Events as a file: a round trip changes nothing, and every bad row is named by line and column."""

import unicodedata
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.planning_settings.demand_settings.demand_events import DemandEvent, Scope, demand_event
from pipelines.planning_settings.demand_settings.event_csv import read_events, written_events
from pipelines.spreadsheets.file_faults import SpreadsheetFileError

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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize(
    ("separator", "day", "factor", "before"),
    [
        (";", "{2}.{1}.{0}", "1,5", ""), (";", "{2}/{1}/{0}", "1,50", "sep=;"), ("\t", "{0}-{1}-{2}", "1.5", ""),
        (",", "{1}/{2}/{0}", "1.5", ""), (",", "{2}/{1}/{0} 00:00", "1.50", ""),
    ],
)  # fmt: skip
def test_a_file_from_excel_in_any_of_its_forms_is_read(encoding, line_end, separator, day, factor, before):
    days = [day.format(2026, "05", number) for number in ("13", "15")]
    row = ["Fête, d'été" if separator != "," else "Fête d'été", *days, factor, "product"]
    lines = [["Event", "From", "Until", "Factor", "For", "Subject"], [*row, "00123"], ["" for _ in row], [*row, "TEA"]]
    text = line_end.join([*filter(None, [before]), *(separator.join(line) for line in lines)])
    (event,), faults = read_events(FILE, text.encode(encoding), find=found)
    assert (event.name, str(event.from_date), str(event.until_date)) == (row[0], "2026-05-13", "2026-05-15")
    assert (event.factor, event.subjects, faults) == (Decimal("1.5"), ("00123", "TEA"), [])


def test_a_day_that_can_be_two_is_asked_for():
    _, faults = read(f"{HEAD}Sale,03/04/2026,05/04/2026,2,all,\n")
    assert faults == [(2, "")]


@pytest.mark.parametrize("data", [b"", b"\x00\x01", b"event;from\n", HEAD.encode() + b"x" * 200_000])
def test_what_is_no_file_of_events_is_refused_in_a_sentence(data):
    with pytest.raises(SpreadsheetFileError, match=r"events\.csv"):
        read_events(FILE, data, find=found)


def test_an_event_has_one_name_in_whatever_form_its_accents_are():
    rows = "".join(f"{name},2026-05-01,2026-05-03,1.5,product,{code}\n" for name, code in (
        ("Fête", "A"), (unicodedata.normalize("NFD", "FÊTE"), "B"),
    ))  # fmt: skip
    (event,), faults = read(HEAD + rows)
    assert (event.subjects, faults) == (("A", "B"), [])


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
    with pytest.raises(SpreadsheetFileError, match="lacks the columns until"):
        read("event,from,factor,for,subject\n")
