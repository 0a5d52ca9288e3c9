"""Settings from a terminal: described, shown, changed for many at once, written to a file and read back, undone."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from pipelines.identities import ContactState
from pipelines.settings import read_settings
from pipelines.store.setting_ledger.setting_changes import SettingChange, set_settings
from tests.end_to_end.conftest import Command
from tests.stocktrim_assets.connected import connect_on_paper
from tests.stocktrim_cli.settings_company import FARM, MILL, NEXT, PRODUCTS, Company


def test_a_setting_is_described_with_what_it_does_and_its_bounds(company: Company) -> None:
    shown = company("describe", "service_level").out
    assert "A higher level raises safety stock" in shown
    assert "a share from 50% to 99.99%, such as 95%" in shown
    assert "a number of units from 0 to 1000000000, or none" in company("describe", "maximum_shelf_level").out
    described = company.json("describe", "lead_time_days")
    assert (described["least"], described["most"], described["unit"]) == ("0", "730", "days")
    assert {row["name"] for row in company.json("describe")} >= {"lead_time_days", "push_status"}
    assert "There is no setting 'leadtime'. Nearest first: lead_time_days" in company("describe", "leadtime").err


def test_a_product_shows_where_each_value_comes_from_and_what_other_levels_say(company: Company) -> None:
    company("set", "lead_time_days", "20", "--by", "Ann")
    company("set", "lead_time_days", "30", "--supplier", "The Mill", "--by", "Bob", "--reason", "new port")
    rows = {row["name"]: row for row in company.json("show", "--product", "tea-01")}
    assert rows["batch_size"]["origin"] == "default"
    lead_time = rows["lead_time_days"]
    assert (lead_time["value"], lead_time["origin"], lead_time["changed_by"], lead_time["reason"]) == (
        "30", "supplier", "Bob", "new port",
    )  # fmt: skip
    assert lead_time["levels"] == {
        "product_supplier": None, "product": None, "supplier": "30", "global": "20", "default": "14",
    }  # fmt: skip
    assert "global 20, default 14" in company("show", "--product", "TEA-01").out
    company("set", "preferred_supplier", "Farm; Sons", "--product", "TEA-01")
    assert {row["name"]: row["value"] for row in company.json("show", "--product", "TEA-01")}["lead_time_days"] == "20"
    of_mill = {row["name"]: row for row in company.json("show", "--supplier", "The Mill")}
    assert (of_mill["lead_time_days"]["origin"], of_mill["service_level"]["origin"]) == ("supplier", "default")


def test_a_setting_is_set_for_many_products_at_once_and_confirmed_with_their_number(company: Company) -> None:
    result = company("set", "batch_size", "6", "--products-of", "The Mill", "--product", "CUP")
    assert result.out == (f"batch_size is 6 for 3 products. `stocktrim settings undo -o acme` takes it back. {NEXT}\n")
    assert company.values("batch_size") == {"TEA-01": "6", "TEA-02": "6", "CUP": "6"}
    again = company("set", "batch_size", "6", "--search", "tea", "--product", "00123")
    assert "batch_size is 6 for 3 products (2 had it already)." in again.out
    assert len({row["batch"] for row in company.json("history", "batch_size")}) == 2
    removed = company.json("unset", "batch_size", "--search", "TEA", "--products-of", "The Mill")
    assert [(row["subject"], row["old"], row["value"]) for row in removed] == [
        ("TEA-01", "6", None), ("TEA-02", "6", None),
    ]  # fmt: skip


def test_suppliers_are_set_themselves_several_at_once(company: Company) -> None:
    assert company("set", "lead_time_days", "30", "--supplier", "the mill", "--supplier", FARM).code == 0
    assert company.values("lead_time_days") == {MILL: "30", FARM: "30"}


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--product", "ZZZ"), "There is no product 'ZZZ'; load first if it is new in Xero."),
        (("--product", "123"), "There is no product '123'; did a spreadsheet drop the zeros before '00123'?"),
        (("--supplier", "Mill"), "There is no supplier 'Mill'. Nearest first: The Mill"),
        (("--search", "coffee"), "No product has 'coffee' in its code or name."),
        (("--search", "cup", "--products-of", "The Mill"),
         "No product is ordered from The Mill and has 'cup' in its code or name."),
        (("--supplier", "The Mill"),
         "minimum_order_quantity cannot be set for a supplier; it can be set at: group, product, "),
        (("--product", "CUP", "--supplier", "Farm"), "There is no supplier 'Farm'. Nearest first: Farm; Sons"),
        ((), "minimum_order_quantity cannot be set for the whole organisation; it can be set at: group, product,"),
    ],
)  # fmt: skip
def test_of_many_nothing_is_set_if_one_cannot_be(company: Company, words: tuple[str, ...], problem: str) -> None:
    more = ("--product", "CUP") if "--product" in words else ()
    result = company("set", "minimum_order_quantity", "6", *more, *words)
    assert result.code == 2
    assert problem in result.err.replace("\n", " ")
    assert company.json("history") == []


@pytest.mark.parametrize("value", ["0", "-1", "1e12", "NaN", "inf", "0.00001", "", "six"])
def test_a_hostile_quantity_is_refused_with_what_is_allowed(company: Company, value: str) -> None:
    result = company("set", "batch_size", value, "--search", "tea")
    assert result.code == 2
    assert f"batch_size cannot be {value!r}: give a number of units from 0.0001 to 1000000000." in result.err.replace(
        "\n", " "
    )
    assert company.json("history") == []


def test_codes_with_quotes_commas_emoji_zeros_and_formulas_can_be_set(company: Company) -> None:
    for code in PRODUCTS:
        assert company("set", "minimum_order_quantity", "0.1", "--product", code).code == 0
    assert company.values("minimum_order_quantity") == dict.fromkeys(PRODUCTS, "0.1")


def test_a_dry_run_shows_old_and_new_and_changes_nothing(company: Company) -> None:
    company("set", "batch_size", "6", "--product", "TEA-01")
    result = company("set", "batch_size", "12", "--search", "tea", "--dry-run")
    assert "There is no plan yet to show the effect on." in result.out
    assert "Nothing was changed. 2 settings would change." in result.out
    found = company.json("set", "batch_size", "12", "--search", "tea", "--dry-run")
    assert [(row["subject"], row["old"], row["new"]) for row in found["changes"]] == [
        ("TEA-01", "6", "12"), ("TEA-02", None, "12"),
    ]  # fmt: skip
    assert company.values("batch_size") == {"TEA-01": "6"}


def test_setting_what_is_set_already_is_no_change(company: Company) -> None:
    company("set", "lead_time_days", "21", "--by", "Ann")
    result = company("set", "lead_time_days", "21", "--by", "Bob")
    assert result.out == "lead_time_days is 21 already: nothing was changed.\n"
    assert company.json("set", "lead_time_days", "21")["changed_by"] == "Ann"
    assert company("unset", "batch_size", "--product", "CUP").out == (
        "batch_size is unset for product CUP already: nothing was changed.\n"
    )
    assert len(company.json("history")) == 1


def test_the_history_says_who_when_old_new_and_why_and_follows_the_product(company: Company) -> None:
    company("set", "batch_size", "6", "--product", "TEA-01", "--by", "Ann", "--reason", "cartons of 6")
    company("set", "batch_size", "4", "--product", "CUP")
    company("set", "lead_time_days", "30", "--supplier", "The Mill")
    company.publish(**{"TEA-01": "LEAF"})
    company("set", "batch_size", "12", "--product", "LEAF", "--by", "Bob")
    found = company.json("history", "--product", "leaf")
    assert [(row["subject"], row["changed_by"], row["old"], row["value"], row["reason"]) for row in found] == [
        ("TEA-01", "Ann", None, "6", "cartons of 6"), ("LEAF", "Bob", "6", "12", ""),
    ]  # fmt: skip
    assert [row["name"] for row in company.json("history", "--supplier", "The Mill")] == ["lead_time_days"]
    assert len(company.json("history", "batch_size")) == 3
    assert len(company.json("history", "--limit", "1")) == 1
    shown = company("history").out
    assert "not set" in shown
    assert "cartons of 6" in shown
    assert company("show", "--history").out == shown
    assert "its code in Xero is 'LEAF' now" in company("set", "batch_size", "1", "--product", "TEA-01").err


def test_the_last_change_is_undone_and_the_undo_is_undone(company: Company) -> None:
    company("set", "batch_size", "6", "--search", "tea", "--by", "Ann")
    assert "2 settings would change" in company("undo", "--dry-run").out
    result = company("undo", "--by", "Bob")
    assert f"2 settings as before (undo of change 1 by Ann). {NEXT}" in result.out
    assert company.values("batch_size") == {}
    company("undo", "--by", "Eve")
    assert company.values("batch_size") == {"TEA-01": "6", "TEA-02": "6"}
    assert [row["changed_by"] for row in company.json("history")] == ["Ann", "Ann", "Bob", "Bob", "Eve", "Eve"]


def test_what_somebody_changed_since_is_not_undone(company: Company) -> None:
    company("set", "batch_size", "6", "--search", "tea")
    company("set", "batch_size", "8", "--product", "TEA-02", "--by", "Eve")
    result = company("undo", "1")
    assert result.code == 1
    assert "Change 1 cannot be undone: Eve set it to 8 since (batch_size of product TEA-02, change 2)." in result.err
    assert company.values("batch_size") == {"TEA-01": "6", "TEA-02": "8"}


def test_an_undo_that_would_lead_demand_in_a_circle_is_refused(company: Company) -> None:
    company("set", "successor_of", "TEA-01", "--product", "TEA-02")
    company("unset", "successor_of", "--product", "TEA-02")
    company("set", "successor_of", "TEA-02", "--product", "TEA-01")
    result = company("undo", "2")
    assert result.code == 2
    assert "would lead demand in a circle" in result.err


def test_a_file_goes_out_and_comes_back_without_a_change(company: Company, tmp_path: Path) -> None:
    file = tmp_path / "settings.csv"
    company("set", "lead_time_days", "20", "--by", "=cmd()", "--reason", "@home")
    company("set", "lead_time_days", "30", "--supplier", "Farm; Sons")
    company("set", "preferred_supplier", "The Mill", "--product", "CUP")
    company("set", "bundle_of", "TEA-01:2; 00123:0.5", "--product", "CUP")
    company("set", "maximum_shelf_level", "none", "--product", "CUP")
    for code in PRODUCTS:
        company("set", "batch_size", "1.125", "--product", code)
    assert company("export", str(file)).out == f"{5 + len(PRODUCTS)} settings written to {file}.\n"
    before = company.json("history")
    assert company("import", str(file)).out == f"All {5 + len(PRODUCTS)} settings of {file} are in force already.\n"
    assert company.json("history") == before
    rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))
    assert {row["subject"] for row in rows} >= {"Farm; Sons", "'=HYPER()", 'Ø "6, x"', "00123"}
    assert not [cell for row in rows for cell in row.values() if cell[:1] in tuple("=+-@\t")]


def test_a_file_changes_all_that_it_says_as_one_change(company: Company, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    company("set", "batch_size", "4", "--product", "CUP")
    file.write_text(
        "level;subject;setting;value\n"
        "product;TEA-01;batch_size;1,5\nproduct;CUP;batch_size;\nsupplier;the mill;lead_time_days;30\n"
        "global;;service_level;97,5%\n"
    )
    preview = company.json("import", str(file), "--dry-run")
    assert [(row["subject"], row["old"], row["new"]) for row in preview["changes"]] == [
        ("TEA-01", None, "1.5"), ("CUP", "4", None), (MILL, None, "30"), ("", None, "0.975"),
    ]  # fmt: skip
    assert len(company.json("history")) == 1
    assert "4 settings changed, 0 as before." in company("import", str(file)).out
    assert {row["batch"] for row in company.json("history")[1:]} == {2}
    assert {row["reason"] for row in company.json("history")[1:]} == {"import of mine.csv"}
    assert company("undo").code == 0
    assert company.values("batch_size") == {"CUP": "4"}


def test_a_file_with_a_wrong_row_changes_nothing_and_names_every_wrong_row(company: Company, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    company("set", "supplier_product_code", "0047", "--product", "CUP")
    file.write_text(
        "level,subject,setting,value\nproduct,TEA-01,batch_size,6\nproduct,123,batch_size,6\n"
        "product,CUP,supplier_product_code,47\nproduct,CUP,lead_time_days,1000\n"
    )
    result = company("import", str(file))
    assert result.code == 4
    assert f"3 values in {file} cannot be used: nothing was changed." in result.err.replace("\n", " ")
    faults = company("import", str(file), "--json").json()["faults"]
    assert [(fault["line"], fault["column"]) for fault in faults] == [(3, "subject"), (4, "value"), (5, "value")]
    assert "0047 has lost its zeros" in faults[1]["problem"]
    assert len(company.json("history")) == 1


@pytest.mark.parametrize("words", [("import", "nowhere.csv"), ("export", "/nowhere/settings.csv")])
def test_a_file_that_cannot_be_opened_is_named(company: Company, words: tuple[str, ...]) -> None:
    result = company(*words)
    assert (result.code, result.err.startswith(f"Stopped: {words[1]} cannot be")) == (2, True)


def test_settings_of_what_is_gone_are_listed_and_can_be_removed(company: Company) -> None:
    company("set", "batch_size", "6", "--product", "TEA-01", "--by", "Ann")
    company("set", "bundle_of", "TEA-01:2", "--product", "CUP")
    company("set", "lead_time_days", "30", "--supplier", "The Mill")
    company("set", "preferred_supplier", "The Mill", "--product", "TEA-02")
    items = {f"id {place}": code for place, code in enumerate(PRODUCTS) if code not in {"TEA-01", "TEA-02"}}
    archived = ContactState("The Mill", None, is_archived=True, seen_at=company.opened.now())
    # TEA-02 takes over the code of the product that is gone
    company.load({**items, "id 1": "TEA-01"}, {MILL: archived})
    found = company.json("show", "--gone")
    assert [(row["level"], row["subject"], row["name"], row["why"]) for row in found] == [
        ("product", "TEA-01 (deleted)", "batch_size", "no longer in Xero"),
        ("product", "CUP", "bundle_of", "TEA-01 (deleted): no longer in Xero"),
        ("supplier", MILL, "lead_time_days", "the supplier is archived in Xero"),
        ("product", "TEA-01", "preferred_supplier", "the supplier is archived in Xero"),
    ]  # fmt: skip
    assert "The Mill" in company("show", "--gone").out
    result = company("unset", "batch_size", "--product", "TEA-01 (deleted)")
    assert result.out == "batch_size is unset for product TEA-01 (deleted), which Xero no longer has.\n"
    assert "batch_size" not in str(company.json("show", "--gone"))
    assert company("undo").code == 0
    assert "batch_size" in str(company.json("show", "--gone"))


def test_a_change_by_somebody_else_meanwhile_is_not_overwritten(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both look at the same value; who comes second has to look again."""

    def late(store: Any, key: str, changes: Any, *, seen: int | None = None) -> int:
        set_settings(store, key, [SettingChange("global", "", "lead_time_days", "9", "Eve", company.opened.now())])
        return set_settings(store, key, changes, seen=seen)

    monkeypatch.setattr("pipelines.organisations.settings_in_force.organisation_settings.set_settings", late)
    result = company("set", "lead_time_days", "21")
    assert result.code == 1
    assert "Eve has just changed lead_time_days: nothing was changed." in result.err
    assert company.values("lead_time_days") == {"": "9"}


def test_before_the_first_load_the_organisations_settings_can_be_set_and_exported(
    stocktrim: Command, tmp_path: Path
) -> None:
    connect_on_paper(read_settings(), "acme")
    assert stocktrim("settings", "set", "lead_time_days", "21").code == 0
    assert stocktrim("settings", "export", str(tmp_path / "out.csv")).code == 0
    assert stocktrim("settings", "import", str(tmp_path / "out.csv")).code == 0
    result = stocktrim("settings", "set", "batch_size", "6", "--product", "TEA")
    assert (result.code, "Nothing is published" in result.err) == (4, True)
