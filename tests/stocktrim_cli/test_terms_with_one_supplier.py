"""What holds for a product while it is ordered from one supplier: set, shown, written to a file and read back."""

from pathlib import Path

from pipelines.identities import ContactState
from tests.stocktrim_cli.settings_company import FARM, MILL, NEXT, PRODUCTS, Company

BOTH = ("--product", "TEA-01", "--supplier", "The Mill")


def test_a_setting_with_one_supplier_holds_while_the_product_is_ordered_from_it(company: Company) -> None:
    company("set", "lead_time_days", "40", "--product", "TEA-01")
    said = company("set", "lead_time_days", "9", *BOTH).out
    assert said == f"lead_time_days is 9 for product TEA-01 from The Mill. {NEXT}\n"
    rows = {row["name"]: row for row in company.json("show", "--product", "TEA-01")}
    assert (rows["lead_time_days"]["value"], rows["lead_time_days"]["origin"]) == ("9", "product_supplier")
    elsewhere = {row["name"]: row for row in company.json("show", "--product", "TEA-01", "--supplier", "Farm; Sons")}
    assert (elsewhere["lead_time_days"]["value"], elsewhere["lead_time_days"]["origin"]) == ("40", "product")
    assert "if ordered from Farm; Sons" in company("show", "--product", "TEA-01", "--supplier", FARM).out
    company("set", "preferred_supplier", "Farm; Sons", "--product", "TEA-01")
    assert {row["name"]: row["value"] for row in company.json("show", "--product", "TEA-01")}["lead_time_days"] == "40"


def test_many_products_get_the_terms_of_several_suppliers_at_once(company: Company) -> None:
    made = company.json("set", "unit_cost", "2.50", "--search", "tea", "--supplier", "The Mill", "--supplier", FARM)
    assert {row["subject"] for row in made} == {
        f"{code} @ {of}" for code in ("TEA-01", "TEA-02") for of in (MILL, FARM)
    }
    assert (
        "unit_cost is 3 for 2 products." in company("set", "unit_cost", "3", "--search", "tea", "--supplier", MILL).out
    )
    refused = company("set", "service_level", "98%", *BOTH)
    assert "service_level cannot be set for a product of one supplier" in refused.err


def test_these_settings_have_a_history_and_are_undone(company: Company) -> None:
    company("set", "batch_size", "6", *BOTH, "--by", "Ann")
    company("set", "batch_size", "8", *BOTH, "--by", "Bob")
    found = company.json("history", *BOTH)
    assert [(row["changed_by"], row["old"], row["value"]) for row in found] == [("Ann", None, "6"), ("Bob", "6", "8")]
    assert company.json("history", "--product", "TEA-01") == []
    assert "TEA-01 from The Mill" in company("history").out
    undone = company("undo", "1")
    assert "Bob set it to 8 since (batch_size of product TEA-01 from one supplier, change 2)" in undone.err
    company("undo")
    assert company.values("batch_size") == {f"TEA-01 @ {MILL}": "6"}
    company("unset", "batch_size", *BOTH)
    assert company.values("batch_size") == {}


def test_a_file_names_product_and_supplier_in_two_columns_and_comes_back_without_a_change(
    company: Company, tmp_path: Path
) -> None:
    file = tmp_path / "terms.csv"
    for code in PRODUCTS:
        company("set", "minimum_order_quantity", "0.5", "--product", code, "--supplier", "Farm; Sons")
    company("export", str(file))
    assert f"product_supplier,CUP,Farm; Sons,{PRODUCTS['CUP'][0]!r}".replace("'", '"') in file.read_text("utf-8-sig")
    assert f"All {len(PRODUCTS)} settings of {file} are in force already." in company("import", str(file)).out
    file.write_text(
        "level;subject;supplier;setting;value\n"
        "product_supplier;cup;the mill;unit_cost;1,25\n"
        "product_supplier;CUP;;unit_cost;2\n"
        "product_supplier;CUP;Nobody;unit_cost;2\n"
        "product;CUP;The Mill;unit_cost;2\n"
    )
    faults = company("import", str(file), "--json").json()["faults"]
    assert [(fault["line"], fault["column"]) for fault in faults] == [(3, "supplier"), (4, "supplier"), (5, "supplier")]
    file.write_text("level;subject;supplier;setting;value\nproduct_supplier;cup;the mill;unit_cost;1,25\n")
    company("import", str(file))
    assert company.values("unit_cost") == {f"CUP @ {MILL}": "1.25"}


def test_a_renamed_product_and_a_merged_supplier_keep_what_was_set_for_both(company: Company) -> None:
    company("set", "lead_time_days", "9", *BOTH)
    company.publish(**{"TEA-01": "LEAF"})
    company.load({}, {MILL: ContactState("The Mill", FARM, is_archived=True, seen_at=company.opened.now())})
    assert company.values("lead_time_days") == {f"LEAF @ {FARM}": "9"}
    shown = {row["name"]: row for row in company.json("show", "--product", "LEAF", "--supplier", "Farm; Sons")}
    assert (shown["lead_time_days"]["value"], shown["lead_time_days"]["origin"]) == ("9", "product_supplier")


def test_what_was_set_with_a_supplier_for_a_product_that_is_gone_is_listed_and_can_be_removed(company: Company) -> None:
    company("set", "lead_time_days", "9", *BOTH)
    company("set", "batch_size", "6", "--product", "TEA-01")
    company.load({f"id {place}": code for place, code in enumerate(PRODUCTS) if code != "TEA-01"})
    gone = company.json("show", "--gone")
    assert {(row["level"], row["subject"]) for row in gone} == {
        ("product_supplier", f"TEA-01 @ {MILL}"), ("product", "TEA-01"),
    }  # fmt: skip
    assert "TEA-01 from The Mill" in company("show", "--gone").out
    assert "unset for product TEA-01 from The Mill" in company("unset", "lead_time_days", *BOTH).out
    assert [row["level"] for row in company.json("show", "--gone")] == ["product"]
