"""Groups from a terminal: made, filled, ruled, put in order, given settings; from a file and back."""

from pathlib import Path

from tests.stocktrim_cli.settings_company import Company


def groups(company: Company, *words: str) -> str:
    result = company.stocktrim("groups", *words)
    assert result.code == 0, result.err
    return result.out


def listed(company: Company) -> dict[str, tuple[int, int]]:
    rows = company.stocktrim("groups", "list", "--json").json()
    return {f"{row['kind']}: {row['name']}": (row["by_hand"], row["by_rule"]) for row in rows}


def of_product(company: Company, code: str, name: str = "lead_time_days") -> dict[str, object]:
    return {row["name"]: row for row in company.json("show", "--product", code)}[name]


def test_products_join_a_group_by_hand_and_by_rule_and_can_be_kept_out(company: Company) -> None:
    assert "There is no group yet" in groups(company, "list")
    said = groups(company, "add", "brand: Acme", "cup", "00123", "--by", "Ann")
    assert "Next: `stocktrim plan -o acme`" in said
    assert "The rule names 2 of 6 products now." in groups(company, "rule", "brand: Acme", "code_prefix: tea-")
    assert "The rule names none of 6 products now." in groups(company, "rule", "Acme", "name: coffee")
    assert "The rule names all of 6 products now." in groups(company, "rule", "range: All", "name: *")
    assert listed(company) == {"brand: Acme": (2, 2), "range: All": (0, 6)}
    groups(company, "remove", "Acme", "TEA-02", "CUP")
    assert listed(company)["brand: Acme"] == (1, 1)
    assert "kept out by hand" in groups(company, "show", "Acme")
    assert "It is so already" in groups(company, "remove", "Acme", "CUP")
    groups(company, "rule", "Acme", "code_prefix: TEA-", "--remove")
    assert listed(company)["brand: Acme"] == (1, 0)
    history = company.stocktrim("groups", "history", "Acme", "--json").json()
    assert history[0]["changed_by"] == "Ann"
    assert any(row["subject"] == "code_prefix: tea-" for row in history)


def test_a_groups_setting_stands_between_the_suppliers_and_the_products(company: Company) -> None:
    company("set", "lead_time_days", "30", "--supplier", "The Mill")
    groups(company, "add", "brand: Acme", "TEA-01")
    assert company("set", "lead_time_days", "21", "--group", "acme").code == 0
    shown = of_product(company, "TEA-01")
    assert (shown["value"], shown["origin"], shown["group"]) == ("21", "group", "brand: Acme")
    assert of_product(company, "TEA-02")["value"] == "30"
    groups(company, "rename", "brand: Acme", "Acme & Sons", "--kind", "range")
    assert of_product(company, "TEA-01")["value"] == "21"
    assert company.json("show", "--group", "Acme & Sons")[0]["name"] == "batch_size"
    company("set", "lead_time_days", "9", "--product", "TEA-01")
    assert of_product(company, "TEA-01")["origin"] == "product"
    assert [row["value"] for row in company.json("history", "--group", "Acme & Sons")] == ["21"]
    groups(company, "add", "brand: Other", "CUP", "TEA-02")
    made = company.json("set", "batch_size", "6", "--products-in", "Other")
    assert [row["subject"] for row in made] == ["CUP", "TEA-02"]
    refused = company("set", "unit_cost", "2", "--group", "Other")
    assert "unit_cost cannot be set for a group" in refused.err


def test_of_two_groups_the_first_in_order_decides_and_what_the_other_says_is_shown(company: Company) -> None:
    groups(company, "add", "brand: Zebra", "TEA-01")
    groups(company, "add", "range: Alpha", "TEA-01")
    company("set", "lead_time_days", "21", "--group", "Zebra")
    company("set", "lead_time_days", "35", "--group", "Alpha")
    shown = of_product(company, "TEA-01")
    assert (shown["value"], shown["group"], shown["other_groups"]) == ("35", "range: Alpha", {"brand: Zebra": "21"})
    groups(company, "order", "Zebra", "1")
    shown = of_product(company, "TEA-01")
    assert (shown["value"], shown["other_groups"]) == ("21", {"range: Alpha": "35"})
    assert "range: Alpha says 35" in company("show", "--product", "TEA-01").out


def test_settings_of_a_removed_group_are_listed_as_gone_and_not_in_force(company: Company, tmp_path: Path) -> None:
    groups(company, "add", "Acme", "TEA-01")
    company("set", "lead_time_days", "21", "--group", "Acme")
    assert "1 setting of it" in groups(company, "drop", "Acme")
    assert of_product(company, "TEA-01")["value"] == "14"
    assert [row["why"] for row in company.json("show", "--gone")] == ["the group was removed"]
    file = tmp_path / "settings.csv"
    company("export", str(file))
    assert company("import", str(file)).code == 0


def test_group_settings_and_groups_go_to_files_and_come_back(company: Company, tmp_path: Path) -> None:
    file, settings = tmp_path / "groups.csv", tmp_path / "settings.csv"
    file.write_bytes("kind;group;product_code\r\nbrand;=Käse;tea-01\r\nbrand;=käse;cup\r\n;Empty;\r\n".encode("utf-16"))
    assert "What would change" in groups(company, "import", str(file), "--dry-run")
    assert listed(company) == {}
    groups(company, "import", str(file))
    assert listed(company) == {"brand: =Käse": (2, 0), "category: Empty": (0, 0)}
    company("set", "service_level", "98%", "--group", "=käse")
    groups(company, "export", str(file))
    assert "It is so already" in groups(company, "import", str(file))
    company("export", str(settings))
    assert "All 1 setting of" in company("import", str(settings)).out
    file.write_text("group,product_code\nEmpty,TEA-01\nEmpty,nope\n")
    result = company.stocktrim("groups", "import", str(file))
    assert result.code == 4
    assert "1 row of" in result.err
    assert listed(company)["category: Empty"] == (0, 0)


def test_a_renamed_product_stays_in_its_group(company: Company) -> None:
    groups(company, "add", "Acme", "TEA-01")
    company("set", "lead_time_days", "21", "--group", "Acme")
    company.publish(**{"TEA-01": "LEAF"})
    assert of_product(company, "LEAF")["value"] == "21"
