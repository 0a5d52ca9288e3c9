"""What rules of ordering would have done to the last year: of an organisation, and of anybody's file."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from stocktrim_cli.runs import run_job
from tests.end_to_end.conftest import KEY, Command, Planned

OURS = "ours"
POLICIES = {OURS, "textbook, a year", "textbook, 90 days", "like StockTrim"}


@pytest.fixture
def sales_file(tmp_path: Path) -> Path:
    """Twelve products and sixty weeks, one row a week, with what a piece costs and sells for."""
    weeks = pl.date_range(pl.date(2024, 1, 1), pl.date(2025, 2, 17), "1w", eager=True)
    sold = np.random.default_rng(7).negative_binomial(3, 0.3, 12 * len(weeks)).astype(float)
    frame = pl.DataFrame({"product_code": [f"P-{k:02d}" for k in range(12)]}).join(
        pl.DataFrame({"date": weeks}), how="cross"
    )
    file = tmp_path / "sales.csv"
    frame.with_columns(quantity=sold, unit_cost=2.0, unit_price=5.0, batch_size=4.0).write_csv(file)
    return file


@pytest.mark.parametrize("unmet_demand", ["lost", "backordered"])
def test_anybodys_sales_are_replayed_for_every_rule_in_service_and_in_money(
    stocktrim: Command, sales_file: Path, tmp_path: Path, unmet_demand: str
) -> None:
    written, drawn = tmp_path / "result.json", tmp_path / "result.svg"
    options = ["--lead-time-days", "14", "--order-frequency-days", "14", "--service-level", "80%"]
    result = stocktrim(
        "backtest", "--sales", str(sales_file), *options, "--service-level", "95%", "--unmet-demand", unmet_demand,
        "--json", str(written), "--picture", str(drawn),
    )  # fmt: skip
    assert result.code == 0, result.err
    assert "review 1 of" in result.err
    assert "What a service level costs and saves" in result.out
    everything = json.loads(written.read_text())
    results = pl.DataFrame(everything["results"])
    assert set(results["policy"]) == POLICIES
    assert set(results["service_level"]) == {0.8, 0.95}
    assert results["demand_class"].n_unique() > 1
    assert everything["frontier_svg"].startswith("<svg")
    assert drawn.read_text() == everything["frontier_svg"]
    assert "Backtest of the last year" in result.out
    beside = pl.DataFrame(everything["at_equal_service"])
    assert set(beside["policy"]) <= POLICIES - {OURS}
    classes = results["demand_class"].n_unique() - 1
    at_each_level, beside_ours = 2, beside["policy"].to_list().count("textbook, a year")
    assert result.out.count("textbook, a year") == at_each_level + classes + beside_ours
    assert [row["service_level"] for row in everything["price_list"]] == [0.8, 0.95]
    ours = results.filter((pl.col("policy") == "ours") & (pl.col("demand_class") == "all")).sort("service_level")
    shares = ours.select("levels_kept", "orders_kept", "weeks_kept", "fill_rate_units", "fill_rate_money")
    assert (shares.min_horizontal() > 0.5).all()
    assert (shares.max_horizontal() <= 1).all()
    assert ours["average_stock_value"].is_sorted()
    assert (ours["order_lines"] >= ours["orders"]).all()


def test_codes_of_a_file_are_text_and_numbers_are_what_all_rows_hold(stocktrim: Command, tmp_path: Path) -> None:
    weeks = pl.date_range(pl.date(2025, 1, 6), pl.date(2026, 2, 16), "1w", eager=True)
    codes = pl.DataFrame({"product_code": ["0012", "12", "85123A"], "quantity": ["3", "4", "2.5"]})
    file, written = tmp_path / "sales.csv", tmp_path / "result.json"
    codes.join(pl.DataFrame({"date": weeks}), how="cross").write_csv(file)
    options = ["--order-frequency-days", "28", "--service-level", "95%", "--json", str(written)]
    result = stocktrim("backtest", "--sales", str(file), *options)
    assert result.code == 0, result.err
    results = pl.DataFrame(json.loads(written.read_text())["results"])
    assert set(results.filter(pl.col("demand_class") == "all")["products"]) == {3}


def test_sales_as_a_ledger_writes_them_are_replayed_and_every_row_is_told(stocktrim: Command, tmp_path: Path) -> None:
    days = pl.date_range(pl.date(2025, 1, 6), pl.date(2026, 2, 16), "1w", eager=True)
    rows = [f"Tëa {code};{day:%d.%m.%y};1.200,0" for day in days for code in "ABC"]
    rows += ["Tëa A;16.02.26;(1.500,0)", "Tëa D;16.02.26;-3,0", ";;", ";16.02.26;4,0"]
    file, written = tmp_path / "sales.txt", tmp_path / "result.json"
    file.write_bytes("\r\n".join(["Item Code;Invoice Date;Qty", *rows, ""]).encode("cp1252"))
    options = ["--order-frequency-days", "28", "--service-level", "95%", "--json", str(written)]
    result = stocktrim("backtest", "--sales", str(file), *options)
    assert result.code == 0, result.err
    said = " ".join(result.err.split())
    for sentence in (
        "The text is not UTF-8: it is read as Windows-1252",
        "Columns: 'Item Code' is product_code, 'Invoice Date' is date, 'Qty' is quantity.",
        "Dates are read as day-month-year.",
        "Numbers are read with a decimal comma.",
        "1 of 181 rows are empty, and are left out.",
        "1 of 181 rows name no product, and are left out.",
        "2 rows are returns: they cancel 1,500 units of the most recent sales before them; 3 units match no earlier",
    ):
        assert sentence in said
    assert json.loads(written.read_text())["products"] == 3
    asked = stocktrim("backtest", "--sales", str(file), "--date-order", "mdy")
    assert asked.code == 4
    assert "sales.txt, line 5: Invoice Date must hold dates in the order month-day-year" in " ".join(asked.err.split())


def test_a_lead_time_that_is_given_wins_over_the_files_column(stocktrim: Command, tmp_path: Path) -> None:
    """A piece a day: with ten days and one order a week stock is half a week's, whatever the column says."""
    days = pl.date_range(pl.date(2024, 1, 1), pl.date(2025, 6, 29), "1d", eager=True)
    file, written = tmp_path / "sales.csv", tmp_path / "result.json"
    pl.DataFrame(
        {"product_code": "TEA", "date": days, "quantity": 1.0, "unit_cost": 2.0, "lead_time_days": 90}
    ).write_csv(file)
    options = ["--service-level", "95%", "--service-level", "0.95", "--json", str(written)]
    result = stocktrim("backtest", "--sales", str(file), "--lead-time-days", "10", *options)
    assert result.code == 0, result.err
    (ours,) = [
        row
        for row in json.loads(written.read_text())["results"]
        if (row["policy"], row["demand_class"]) == (OURS, "all")
    ]
    assert (ours["average_stock_value"], ours["weeks"], ours["orders"]) == (pytest.approx(7), 49, 49)


@pytest.mark.parametrize("option", ["--json", "--picture"])
def test_a_file_that_could_not_be_written_is_said_before_the_replay(
    stocktrim: Command, sales_file: Path, tmp_path: Path, option: str
) -> None:
    result = stocktrim("backtest", "--sales", str(sales_file), option, str(tmp_path / "nowhere" / "result"))
    assert result.code == 2
    assert "There is no folder" in result.err
    assert "review 1 of" not in result.err


def test_an_organisations_own_history_is_replayed(
    copied_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stocktrim = Command(copied_home, monkeypatch)
    for name, value in {"order_frequency_days": "91", "unmet_demand": "backordered", "order_levels": "one"}.items():
        assert stocktrim("settings", "set", name, value).code == 0
    written = tmp_path / "result.json"
    result = stocktrim("backtest", "--service-level", "95%", "--json", str(written))
    assert result.code == 0, result.err
    assert "An order every 91 days; service level by order cycles; unmet demand is backordered" in result.err
    assert "our policy: projected, one level." in result.err
    assert set(pl.DataFrame(json.loads(written.read_text())["results"])["policy"]) == POLICIES


@pytest.mark.soak
def test_the_weekly_replay_keeps_its_table_and_shows_the_frontier(planned: Planned) -> None:
    done = run_job("backtest", organisation=KEY)
    (made,) = done.asset_materializations_for_node("backtest__policy_backtest")
    assert "data:image/svg+xml;base64," in str(made.metadata["frontier"].value)
    assert "price list" in made.metadata
    assert "textbook, a year" in str(made.metadata["at equal service"].value)
    assert "like StockTrim" in str(made.metadata["weeks without stock-out and stock by demand pattern"].value)
    assert "An order every 7 days" in str(made.metadata["policy and service"].value)
    assert "in the backtest" in str(made.metadata["which products"].value)
    results = planned.stocktrim.published("policy_backtest")
    assert set(results["policy"]) == POLICIES
    assert set(results["service_level"]) == {0.9, 0.95, 0.98, 0.99}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("product_code,date,quantity\n", "Nothing was sold in these sales"),
        ("product_code,date,quantity\nTEA,2024-01-01,0\n", "Nothing was sold in these sales"),
        ("product_code,date\nTEA,2024-01-01\n", "lacks the column quantity"),
        ("product_code,date,quantity\nTEA,soon,1\n", "sales.csv, line 2: date must hold dates such as"),
        ("product_code,date,quantity\nTEA,2024-01-01,1\n", "a backtest needs"),
        ("", "empty CSV"),
        ("product_code,date,quantity\nTEA,2024-01-01,1,2,3\n", "found more fields"),
        (
            "product_code,date,quantity,lead_time_days\nTEA,2024-01-01,1,soon\n",
            "sales.csv, line 2: lead_time_days must hold numbers",
        ),
        (
            "product_code,date,quantity,lead_time_days\nTEA,2024-01-01,1,-5\n",
            "must be 0 to 3650 days; it is -5 for TEA",
        ),
        ("product_code,date,quantity,unit_cost\nTEA,2024-01-01,1,cheap\n", "line 2: unit_cost must hold numbers"),
        (
            "product_code,date,quantity,unit_cost\nCUP,2024-01-01,1,0\nTEA,2024-01-01,1,-1\nPOT,2024-01-01,1,-2\n",
            "unit_cost is negative in 2 rows of these sales, first of TEA: correct it, or leave it empty",
        ),
        ("product_code,date,quantity,unit_price\nTEA,2024-01-01,1,-1\n", "unit_price is negative in 1 row of"),
        ("product_code,date,quantity,batch_size\nTEA,2024-01-01,1,0\n", "batch_size is zero or negative in 1 row of"),
        (
            "product_code,date,quantity,minimum_order_quantity\nTEA,2024-01-01,1,-5\n",
            "minimum_order_quantity is negative in 1 row of these sales, first of TEA",
        ),
    ],
)
def test_a_file_that_cannot_be_replayed_is_one_sentence(
    stocktrim: Command, tmp_path: Path, content: str, sentence: str
) -> None:
    file = tmp_path / "sales.csv"
    file.write_text(content)
    result = stocktrim("backtest", "--sales", str(file))
    assert result.code in (2, 4)
    assert sentence in " ".join(result.err.split())
    assert "Traceback" not in result.err


def test_a_file_that_is_neither_csv_nor_parquet_is_one_sentence(stocktrim: Command, tmp_path: Path) -> None:
    file = tmp_path / "sales.md"
    file.write_text("# Sales\n\nMany.\n")
    result = stocktrim("backtest", "--sales", str(file))
    assert result.code == 4
    assert "sales.md is neither a readable Parquet file nor a CSV file" in " ".join(result.err.split())
    assert "specification" not in result.err


def test_rows_that_name_no_product_are_left_out_and_products_that_were_new_are_counted(
    stocktrim: Command, sales_file: Path, tmp_path: Path
) -> None:
    good = pl.read_csv(sales_file, try_parse_dates=True)
    nameless = good.head(3).with_columns(product_code=pl.Series(["", "  ", None]))
    new = good.tail(2).with_columns(product_code=pl.lit("P-NEW"))
    file, written = tmp_path / "more.parquet", tmp_path / "result.json"
    pl.concat([good, nameless, new]).write_parquet(file)
    options = ["--order-frequency-days", "28", "--service-level", "95%", "--json", str(written)]
    result = stocktrim("backtest", "--sales", str(file), *options)
    assert result.code == 0, result.err
    assert f"3 of {good.height + 5} rows name no product, and are left out." in result.err
    everything = json.loads(written.read_text())
    assert (everything["products"], everything["products_left_out"]) == (12, 1)
    first = everything["first_review"]
    sentence = f"12 of 13 products are in the backtest; 1 was first sold on {first}, when it begins, or later."
    assert everything["which_products"] == sentence
    assert sentence in " ".join(result.out.split())


def test_a_picture_that_is_no_svg_is_refused_before_the_replay(
    stocktrim: Command, sales_file: Path, tmp_path: Path
) -> None:
    result = stocktrim("backtest", "--sales", str(sales_file), "--picture", str(tmp_path / "result.png"))
    assert result.code == 2
    assert "The picture is an SVG, so its file must end in .svg; result.png does not." in " ".join(result.err.split())
    assert "review 1 of" not in result.err


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ({date(2024, 1, 1): 0.0, date(2026, 1, 1): 4.0}, "Nothing was sold before 2025-01-"),
        (
            {date(2014, 1, 1): 4.0, date(2015, 1, 1): 4.0, date(2026, 1, 1): 4.0},
            "There is a gap of 11 years in these sales, from 2015-01-01 to 2026-01-01",
        ),
        ({date(2026, 1, 1): 4.0, date(2205, 1, 1): 4.0}, "1 of 2 rows are dated after today"),
    ],
    ids=["one sale on the last day", "a slip of the date", "a slip of the date into the future"],
)
def test_sales_that_leave_nothing_to_replay_are_one_sentence(
    stocktrim: Command, tmp_path: Path, rows: dict[date, float], sentence: str
) -> None:
    file = tmp_path / "sales.parquet"
    pl.DataFrame({"product_code": "TEA", "date": list(rows), "quantity": list(rows.values())}).write_parquet(file)
    result = stocktrim("backtest", "--sales", str(file))
    assert result.code == 4
    assert sentence in " ".join(result.err.split())
    assert "Traceback" not in result.err


ODD = {
    "no numbers": [float("nan"), float("inf"), -float("inf")] * 20,
    "beyond all sense": [1e300] * 60,
    "a demand spike": [1e9] + [1.0] * 59,
    "negative weeks": [5.0, -20.0] * 30,
    "all zeros": [0.0] * 60,
    "one sale": [4.0] + [0.0] * 59,
    "over for long": [4.0] * 10 + [0.0] * 50,
}


def test_products_of_any_history_spoil_no_replay_and_no_number_of_it(
    stocktrim: Command, sales_file: Path, tmp_path: Path
) -> None:
    good = pl.read_csv(sales_file, try_parse_dates=True)
    weeks = good["date"].unique().sort()
    odd = [pl.DataFrame({"product_code": name, "date": weeks, "quantity": sold}) for name, sold in ODD.items()]
    worthless = pl.DataFrame({
        "unit_cost": [float("inf")], "unit_price": [0.0], "lead_time_days": [float("nan")], "batch_size": [None],
        "minimum_order_quantity": [1e300],
    })  # fmt: skip
    first_of_all = pl.DataFrame({"product_code": "P-00", "date": [date(1, 1, 1)], "quantity": [1.0]})
    rows = pl.concat(odd).join(worthless, how="cross")
    file, written = tmp_path / "odd.parquet", tmp_path / "result.json"
    pl.concat([good, rows, first_of_all], how="diagonal_relaxed").write_parquet(file)
    options = ["--order-frequency-days", "28", "--service-level", "95%", "--json", str(written)]
    result = stocktrim("backtest", "--sales", str(file), *options)
    assert result.code == 0, result.err
    assert "NaN" not in written.read_text()
    assert "Infinity" not in written.read_text()
    results = pl.DataFrame(json.loads(written.read_text())["results"])
    assert results.select(pl.col("average_stock_value").ge(0).all()).item()


def test_a_file_to_write_that_is_a_folder_is_said_before_the_replay(
    stocktrim: Command, sales_file: Path, tmp_path: Path
) -> None:
    result = stocktrim("backtest", "--sales", str(sales_file), "--json", str(tmp_path))
    assert result.code == 2
    assert "is a folder" in result.err
    assert "review 1 of" not in result.err


def test_a_file_that_is_not_there_is_one_sentence(stocktrim: Command, tmp_path: Path) -> None:
    result = stocktrim("backtest", "--sales", str(tmp_path / "nothing.csv"))
    assert result.code == 4
    assert "There is no file" in result.err
