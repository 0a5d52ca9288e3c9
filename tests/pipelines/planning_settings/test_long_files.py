"""Long files of settings and of groups: reading and comparing take time in proportion to the rows.

Ten thousand rows beside a thousand each time; by `make soak` a hundred thousand beside ten thousand.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.planning_settings.setting_files.requested_settings import SettingRequest, propose
from pipelines.planning_settings.setting_files.setting_csv import COLUMNS, read_csv, written_csv
from pipelines.planning_settings.subjects import Subjects
from pipelines.product_codes import ProductCodes
from pipelines.product_groups.group_csv import read_groups
from pipelines.product_groups.groups import Group
from pipelines.product_groups.requested_groups import propose_groups
from tests.running import cpu_seconds

GROUPS = 500
MOST_TIMES_ITS_SHARE = 3


def settings_come_in(count: int) -> None:
    """From the bytes of a file to the changes that it asks for."""
    codes = [f"P-{number}" for number in range(count)]
    empty = dict.fromkeys(COLUMNS.written, "")
    row = {"level": "product", "setting": "batch_size", "value": "1.5"}
    read = read_csv(Path("settings.csv"), written_csv(empty | row | {"subject": code} for code in codes))
    found = propose(read.requests, subjects=Subjects(ProductCodes(codes), {}), explicit={})
    assert (len(found.changes), [*read.faults, *found.faults]) == (count, [])


def groups_come_in(count: int) -> None:
    """As above, of a file that puts each product into one of many groups."""
    codes = ProductCodes([f"P-{number}" for number in range(count)])
    rows = (f"range,Range {number % GROUPS},P-{number},in," for number in range(count))
    read = read_groups(Path("groups.csv"), "\n".join(("kind,group,product_code,member,rule", *rows)).encode())
    found = propose_groups(read.requests, groups={}, next_number=1, find_product=codes.known)
    assert (sum(change.field == "member" for change in found.changes), [*read.faults, *found.faults]) == (count, [])


def new_groups_come_in(count: int) -> None:
    """As above, of a file that makes a group with each row."""
    rows = "".join(f"Range {number},\n" for number in range(count))
    read = read_groups(Path("groups.csv"), f"group,product_code\n{rows}".encode())
    found = propose_groups(read.requests, groups={}, next_number=1, find_product=str)
    assert (sum(change.field == "name" for change in found.changes), [*read.faults, *found.faults]) == (count, [])


def settings_of_suppliers_and_groups_come_in(count: int) -> None:
    """As above, of a file with a setting of each of many suppliers and groups."""
    names = [f"Supplier {number}" for number in range(count)]
    groups = {f"G{number}": Group(f"G{number}", "range", f"Range {number}") for number in range(count)}
    subjects = Subjects(ProductCodes([]), {f"id of {name}": name for name in names}, groups=groups)
    requests = [SettingRequest("supplier", name.upper(), "lead_time_days", "30") for name in names]
    requests += [SettingRequest("group", group.name, "lead_time_days", "30") for group in groups.values()]
    found = propose(requests, subjects=subjects, explicit={})
    assert (len(found.changes), found.faults) == (2 * count, [])


@pytest.mark.parametrize(
    "come_in", [settings_come_in, groups_come_in, new_groups_come_in, settings_of_suppliers_and_groups_come_in]
)
@pytest.mark.parametrize("count", [10_000, pytest.param(100_000, marks=pytest.mark.soak)])
def test_ten_times_the_rows_take_about_ten_times_as_long(
    come_in: Callable[[int], None], count: int, measured: Callable[[str], None]
) -> None:
    fewer = cpu_seconds(lambda: come_in(count // 10))
    more = cpu_seconds(lambda: come_in(count))
    measured(f"{come_in.__name__.replace('_', ' ')}: {count:,} rows took {more / fewer:.0f} times a tenth of them.")
    assert more < 10 * MOST_TIMES_ITS_SHARE * fewer
