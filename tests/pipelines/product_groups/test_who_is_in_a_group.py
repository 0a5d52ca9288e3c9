"""Which products are in a group: by hand, by rule, kept out; under new codes, and whatever people call groups."""

import time
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import polars as pl
import pytest

from pipelines.errors import UsageError
from pipelines.identities import CodeSeen, Identities
from pipelines.product_groups.group_csv import read_groups, written_groups
from pipelines.product_groups.groups import Group, GroupChange, find_group, groups_of
from pipelines.product_groups.membership import product_groups, products_in, with_groups
from pipelines.product_groups.requested_groups import GroupProposal, GroupRequest, propose_groups
from pipelines.product_groups.rules import Attributes, parse_rule, products_by_rule
from pipelines.storage.tables import PRODUCT_GROUPS

AT = datetime(2026, 6, 1, tzinfo=UTC)
PRODUCTS = pl.DataFrame(
    [
        ("TEA-01", "Green tea, 250 g", "200", "310", "630"), ("tea-02", "Black TEA", "200", "310", "630"),
        ("00123", "Spoon (steel)", "201", "", ""), ("=HYPER()", "", None, None, None),
        ('Ø "6, x"', "Pipe 🧀", "200", "", ""),
    ],
    schema=["product_code", "product_name", "sales_account", "purchase_account", "inventory_account"], orient="row",
)  # fmt: skip
TRACKING = pl.DataFrame(
    [("TEA-01", "Region: North"), ("TEA-01", "Shop: 1"), ("00123", "Region: South")],
    schema=["product_code", "tracking"], orient="row",
)  # fmt: skip
ALL = Attributes(PRODUCTS, TRACKING)
FILE = Path("groups.csv")


def a_change(group: str, what: str, subject: str = "", value: str | None = "in", **more: Any) -> GroupChange:
    return GroupChange(group, what, subject, value, "Ann", AT, **more)


def a_group(group: str, name: str, kind: str = "range") -> list[GroupChange]:
    return [a_change(group, "name", value=name), a_change(group, "kind", value=kind)]


def asked(*requests: GroupRequest, groups: dict[str, Group] | None = None, may_create: bool = True) -> GroupProposal:
    codes = {code.lower(): code for code in PRODUCTS["product_code"]}

    def find(text: str) -> str:
        if text.lower() not in codes:
            raise UsageError(f"There is no product {text!r}.")
        return codes[text.lower()]

    return propose_groups(
        requests, groups=groups or {}, next_number=1, find_product=find, may_create=may_create
    )  # fmt: skip


def made(proposal: GroupProposal) -> dict[str, Group]:
    assert not proposal.faults
    changes = [a_change(row.group_id, row.field, row.subject, row.new) for row in proposal.changes]
    return groups_of(changes, Identities())


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("code_prefix: TEA-", ["TEA-01", "tea-02"]), ("code prefix: 00", ["00123"]),
        ("name: tea", ["TEA-01", "tea-02"]),
        ("name: green*250", ["TEA-01"]), ("name: (steel)", ["00123"]), ("name: 🧀", ['Ø "6, x"']), ("name: .*", []),
        ("name: *", list(PRODUCTS["product_code"])), ("sales_account: 200", ["TEA-01", "tea-02", 'Ø "6, x"']),
        ("inventory-account: 630", ["TEA-01", "tea-02"]), ("purchase_account: 999", []),
        ("tracking: region: north", ["TEA-01"]), ("tracking: Region", []), ("code_prefix: =", ["=HYPER()"]),
    ],
)  # fmt: skip
def test_a_rule_names_products_whatever_the_capitals(text: str, codes: list[str]) -> None:
    assert sorted(products_by_rule(parse_rule(text), ALL)) == sorted(codes)


@pytest.mark.parametrize("text", ["colour: red", "name:", "code_prefix", "name: a\nb", f"name: {'x' * 201}"])
def test_a_rule_without_a_kind_or_a_value_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"There is no kind of rule|A rule has a value"):
        parse_rule(text)


def test_by_hand_wins_over_a_rule_and_what_is_kept_out_is_in_by_no_rule() -> None:
    history = [
        *a_group("G1", "Tea"), a_change("G1", "rule", "code_prefix: TEA-"), a_change("G1", "member", "TEA-01"),
        a_change("G1", "member", "tea-02", "out"), a_change("G1", "member", "00123"),
        a_change("G1", "member", "00123", None), *a_group("G2", "Empty"),
    ]  # fmt: skip
    rows = product_groups(groups_of(history, Identities()).values(), ALL)
    assert rows.select("product_code", "joined_by", "group_rule", "set_by").rows() == [("TEA-01", "hand", None, "Ann")]
    assert rows.schema == PRODUCT_GROUPS.schema
    assert products_in(rows, "G2") == []
    assert product_groups([], ALL).schema == PRODUCT_GROUPS.schema


def test_a_new_product_joins_by_rule_and_names_its_groups_in_their_order() -> None:
    history = [
        *a_group("G1", "Tea"), a_change("G1", "rule", "code_prefix: TEA-"), *a_group("G2", "All"),
        a_change("G2", "rule", "name: *"), a_change("G2", "order", value="1"),
    ]  # fmt: skip
    groups = groups_of(history, Identities()).values()
    new = pl.concat([PRODUCTS, PRODUCTS.head(1).with_columns(product_code=pl.lit("TEA-99"))])
    rows = product_groups(groups, Attributes(new, TRACKING))
    assert products_in(rows, "G1") == ["TEA-01", "TEA-99", "tea-02"]
    named = with_groups(pl.DataFrame({"product_code": ["TEA-99", "00123", "gone"]}), rows)
    assert named["groups"].to_list() == ["range: All; range: Tea", "range: All", ""]


def test_a_product_stays_in_its_group_under_a_new_code_and_a_gone_one_is_kept_aside() -> None:
    known = Identities((
        CodeSeen("id-1", "OLD", AT - timedelta(days=9)), CodeSeen("id-2", "GONE", AT - timedelta(days=9)),
        CodeSeen("id-1", "TEA-01", AT + timedelta(days=1)), CodeSeen("id-2", None, AT + timedelta(days=1)),
    ))  # fmt: skip
    history = [*a_group("G1", "Tea"), a_change("G1", "member", "OLD"), a_change("G1", "member", "GONE")]
    group = groups_of(history, known)["G1"]
    assert (list(group.members), [row.subject for row in group.lost]) == (["TEA-01"], ["GONE"])


def test_a_removed_group_is_gone_and_its_id_is_not_used_again() -> None:
    history = [*a_group("G1", "Tea"), a_change("G1", "name", value=None)]
    assert groups_of(history, Identities()) == {}


def test_groups_that_differ_in_case_are_one_and_that_is_said() -> None:
    found = asked(GroupRequest("Tea", "member", "TEA-01", "in"), GroupRequest("TEA", "member", "tea-02", "in"))
    groups = made(found)
    assert [(group.title, list(group.members)) for group in groups.values()] == [
        ("category: Tea", ["TEA-01", "tea-02"])
    ]
    assert found.notes == ["'TEA' is read as the group 'category: Tea'."]
    again = asked(GroupRequest("tea", kind="brand"), groups=groups)
    assert [(row.field, row.new) for row in again.changes] == [("name", "tea"), ("kind", "brand")]
    with pytest.raises(UsageError, match="There is no group 'coffee'"):
        find_group(groups, "coffee")


def test_a_name_that_two_kinds_share_needs_the_kind() -> None:
    groups = made(asked(GroupRequest("Acme", kind="brand"), GroupRequest("Acme", kind="range")))
    assert [find_group(groups, text).group_id for text in ("Range: acme", "G1")] == ["G2", "G1"]
    with pytest.raises(UsageError, match="Several groups are called 'acme'"):
        find_group(groups, "acme")
    renamed = asked(GroupRequest("brand: Acme", "kind", "", "range"), groups=groups)
    assert renamed.faults[0].problem == "There is a group 'range: Acme' already."


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (GroupRequest("", "member", "TEA-01", "in"), "Name the group."),
        (GroupRequest("x" * 201), "A group's name has 1 to 200 characters"),
        (GroupRequest("a\x07b"), "A group's name has 1 to 200 characters"),
        (GroupRequest("Tea", kind="a:b"), "The kind of a group is a word such as"),
        (GroupRequest("Tea", "member", "nope", "in"), "There is no product 'nope'."),
        (GroupRequest("Tea", "member", "TEA-01", "maybe"), "A product is in or out of a group by hand"),
        (GroupRequest("Tea", "order", "", "0"), "The order of a group is a whole number"),
        (GroupRequest("Tea", "rule", "colour: red", "in"), "There is no kind of rule 'colour'."),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(request_: GroupRequest, problem: str) -> None:
    (fault,) = asked(request_).faults
    assert fault.problem.startswith(problem)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("text", ["name: CAFÉ*crème", "code_prefix: Café", "tracking: Région: Été"])
def test_a_rule_names_products_in_whatever_form_accents_are_written(text: str, form: Literal["NFC", "NFD"]) -> None:
    for other in ("NFC", "NFD"):
        names = ["CAFÉ-1", "Café à la crème", "Région: été"]
        code, name, option = (unicodedata.normalize(other, one) for one in names)
        row = {"product_code": code, "product_name": name}
        attributes = Attributes(pl.DataFrame([row]), pl.DataFrame([{"product_code": code, "tracking": option}]))
        rule = parse_rule(unicodedata.normalize(form, text))
        assert products_by_rule(rule, attributes).to_list() == [code]


@pytest.mark.parametrize(
    "value", ["(tea", "[a-z]+", "a{3}", "^tea$", "(?i)", "\\d", "t.a", "***", "*" * 200, "a|tea", "#"]
)
def test_signs_of_patterns_are_text_in_a_rule(value: str) -> None:
    found = products_by_rule(parse_rule(f"name: {value}"), Attributes(PRODUCTS, TRACKING))
    assert found.len() == (PRODUCTS.height if set(value) == {"*"} else 0)


HOSTILE = ("Tea, green", 'The "best"', "=SUM(A1)", "007", "Käse 🧀", "a;b", "-5", "@home", "'=1")


def test_a_file_comes_back_without_a_change_whatever_groups_and_products_are_called() -> None:
    requests = [GroupRequest(name, "member", code, "in") for name in HOSTILE for code in PRODUCTS["product_code"]]
    more = [GroupRequest("Empty", kind="brand"), GroupRequest("007", "rule", "name: =tea", "in"),
            GroupRequest("007", "order", "", "2"), GroupRequest("007", "member", "00123", "out")]  # fmt: skip
    groups = made(asked(*requests, *more))
    data = written_groups(groups.values(), dict(PRODUCTS.select("product_code", "product_name").rows()))
    assert not [line for line in data.decode("utf-8-sig").splitlines() if line[:1] in tuple("=+-@\t")]
    read = read_groups(FILE, data)
    assert not read.faults
    again = asked(*read.requests, groups=groups)
    assert (again.changes, again.faults, again.notes) == ([], [], [])
    assert made(asked(*read.requests)).keys() == groups.keys()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize(("separator", "line_end"), [(";", "\r\n"), ("\t", "\r\n"), (",", "\n")])
def test_a_file_from_excel_in_any_of_its_forms_is_read(encoding: str, separator: str, line_end: str) -> None:
    lines = [["Group", "Product code"], ["Käse", "tea-01"], ["Käse", "00123"]]
    data = line_end.join(separator.join(line) for line in lines).encode(encoding)
    groups = made(asked(*read_groups(FILE, data).requests))
    assert [(group.title, list(group.members)) for group in groups.values()] == [
        ("category: Käse", ["00123", "TEA-01"]),
    ]  # fmt: skip


def test_every_wrong_row_is_named_by_line_and_column() -> None:
    rows = ("brand,A,TEA-01,,", "brand,A,nope,,", ",,TEA-01,,", "brand,A,TEA-01,,name: x", "brand,A,TEA-01,out,")
    data = "\n".join(("kind,group,product_code,member,rule", *rows)).encode()
    read = read_groups(FILE, data)
    assert [(fault.line, fault.column) for fault in read.faults] == [(5, "rule")]
    faults = asked(*read.requests).faults
    assert [(fault.line, fault.column) for fault in faults] == [
        (3, "product_code"), (4, "group"), (4, "group"), (6, "product_code"),
    ]  # fmt: skip
    assert faults[-1].problem == "Line 2 says otherwise of the same member: keep one of them."


def test_ten_times_the_rows_take_at_most_about_ten_times_as_long() -> None:
    """From what a person asks for to who is in which group: nothing is compared with everything."""

    def seconds(rows: int) -> float:
        requests = [GroupRequest(f"Group {row % 500}", "member", f"P{row}", "in") for row in range(rows)]
        begin = time.process_time()
        found = propose_groups(requests, groups={}, next_number=1, find_product=lambda code: code)
        changes = [a_change(row.group_id, row.field, row.subject, row.new) for row in found.changes]
        groups = groups_of(changes, Identities())
        products = pl.DataFrame({"product_code": [f"P{row}" for row in range(rows)], "product_name": [""] * rows})
        assert product_groups(groups.values(), Attributes(products, TRACKING)).height == rows
        return time.process_time() - begin

    seconds(500)
    assert min(seconds(10_000) for _ in range(2)) < 30 * min(seconds(1_000) for _ in range(3))
