"""What the dashboard shows, as data: measures of the published tables, charts, and where each chart stands.

What belongs here: the measures of each table, and how they look. What does not: Superset's own form (`bundle.py`).
Read more in README.md; tests/examples/test_superset_definitions.py asks each question of empty published tables.
"""

from dataclasses import dataclass
from typing import Any, Final

TITLE: Final = "Stock and orders"
RED, BLUE, GREY = "#C0504D", "#4F81BD", "#BFBFBF"
COLOURS: Final = {"Understock": RED, "Overstock": BLUE, "Stock": BLUE, "Products": RED, "Others": GREY}

# A product is out of stock here, and an order late, exactly when the plan's own totals count it so.
LATE: Final = "rule = 'late'"
OUT_OF_STOCK: Final = "stock_on_hand <= 0 and horizon_demand > 0 and status <> 'not_planned'"

# What is asked in SQL. Stock by week is rebuilt from Xero's documents, so that it is there from the first plan on; its
# last week is the plan's own total.
QUESTIONS: Final = {
    "stock_weekly": f"""
        with weeks as (
            select unnest(generate_series(max(until_date), min(stock_date), interval '-7 days'))::date as week_end_date
            from stock_daily
        ),
        stock as (
            select product_code, stock_date, until_date, stock_on_hand from stock_daily
            union all
            select product_code, date '1900-01-01', date '9999-12-31', stock_on_hand
            from order_plan
            where product_code not in (select product_code from stock_daily)
        )
        select
            week_end_date,
            sum(greatest(stock.stock_on_hand, 0) * unit_cost / currency_rate) as stock_value,
            count(*) filter (stock.{OUT_OF_STOCK}) as products_out_of_stock
        from weeks
        join stock on week_end_date between stock_date and until_date
        join order_plan using (product_code)
        group by week_end_date
    """,
    "supplier_spend_last_year": """
        select * from supplier_spend_weekly
        where week_start_date > (select max(week_start_date) from supplier_spend_weekly) - interval '52 weeks'
    """,
}

# What can be summed up, table by table; money is in base currency everywhere.
MONEY: Final = {"Stock", "Understock", "Overstock", "Value", "Billed", "Ordered"}
MEASURES: Final[dict[str, dict[str, str]]] = {
    "data_freshness": {"Day": "max(as_of_date)"},
    "kpi_daily": {
        "Stock": "sum(stock_value)",
        "Understock": "sum(understock_value)",
        "Overstock": "sum(overstock_value)",
    },
    "order_plan": {"Products": "count(*)"},
    "stock_on_order": {
        "Orders": "count(distinct purchase_order_number)",
        "Products": "count(distinct product_code)",
        "Units": "sum(quantity)",
        "Value": "sum(value / currency_rate)",
    },
    "stock_weekly": {"Stock": "sum(stock_value)", "Products": "sum(products_out_of_stock)"},
    "supplier_spend_last_year": {"Billed": "sum(billed_amount)", "Ordered": "sum(ordered_amount)"},
}


@dataclass(frozen=True)
class Chart:
    """A chart of one table: Superset's kind of chart, its width in twelfths of a row, and its parameters."""

    name: str
    table: str
    kind: str
    width: int
    params: dict[str, Any]


def _where(sql: str) -> dict[str, Any]:
    return {"adhoc_filters": [{"clause": "WHERE", "expressionType": "SQL", "sqlExpression": sql}]}


def _number(name: str, table: str, measure: str, says: str, **more: Any) -> Chart:
    """A number in large, and below it what it says."""
    look = {"metric": measure, "subtitle": says, "header_font_size": 0.4, "subtitle_font_size": 0.15}
    return Chart(name, table, "big_number_total", 2, look | more)


def _trend(name: str, measure: str, says: str) -> Chart:
    """The newest day's number over the line of the days before."""
    look = {"metric": measure, "subtitle": says, "header_font_size": 0.5, "subtitle_font_size": 0.2}
    by_day = {"x_axis": "as_of_date", "time_grain_sqla": "P1D", "aggregation": "LAST_VALUE", "show_trend_line": True}
    return Chart(name, "kpi_daily", "big_number", 2, look | by_day)


def _over_time(day: str, *measures: str, **more: Any) -> dict[str, Any]:
    look = {"x_axis": day, "time_grain_sqla": "P1D", "metrics": list(measures), "show_legend": len(measures) > 1}
    return look | {"rich_tooltip": True, "x_axis_time_format": "%d %b %y", "y_axis_format": "~s"} | more


def _table(filters: str, **more: Any) -> dict[str, Any]:
    look = {"row_limit": 500, "table_timestamp_format": "%d %b %Y", "show_cell_bars": False}
    return _where(filters) | look | more


# Rows from top to bottom: the height in Superset's units of 8 pixels, and the charts.
ROWS: Final[list[tuple[int, list[Chart]]]] = [
    (20, [
        _number("Stock as of", "data_freshness", "Day", "the newest day loaded",
            force_timestamp_formatting=True, time_format="%d %b %Y"),
        _trend("Stock value", "Stock", "on hand, at cost"),
        _trend("Understock", "Understock", "below the reorder point, at cost"),
        _trend("Overstock", "Overstock", "more than is needed, at cost"),
        _number("Out of stock", "order_plan", "Products", "products that sell", **_where(OUT_OF_STOCK)),
        _number("Late orders", "stock_on_order", "Orders", "past their delivery date", **_where(LATE)),
    ]),
    (44, [
        Chart("Understock and overstock by day", "kpi_daily", "echarts_timeseries_bar", 6, _over_time(
            "as_of_date", "Understock", "Overstock", sort_series_type="name", sort_series_ascending=False)),
        Chart("Stock value by week, at today's cost", "stock_weekly", "echarts_area", 6, _over_time(
            "week_end_date", "Stock")),
    ]),
    (44, [
        Chart("Late orders, oldest first", "stock_on_order", "table", 6, _table(
            LATE, query_mode="aggregate", groupby=["delivery_date", "purchase_order_number", "supplier_name"],
            metrics=["Products", "Units", "Value"], order_desc=False, timeseries_limit_metric={
                "expressionType": "SQL", "sqlExpression": "min(delivery_date)", "label": "Due"})),
        Chart("Out of stock, best sellers first", "order_plan", "table", 6, _table(
            OUT_OF_STOCK, query_mode="raw", order_by_cols=['["average_daily_demand", false]'], all_columns=[
                "product_code", "product_name", "supplier_name", "stock_on_order", "order_quantity", "lead_time_days",
            ])),
    ]),
    (50, [
        Chart("Spend by supplier by week, as billed", "supplier_spend_last_year", "echarts_timeseries_bar", 8,
            _over_time("week_start_date", "Billed", time_grain_sqla="P1W", groupby=["supplier_name"], stack="Stack",
                limit=10, timeseries_limit_metric="Billed", group_others_when_limit_reached=True,
                show_legend=True, legendOrientation="right")),
        Chart("Products out of stock by week", "stock_weekly", "echarts_timeseries_line", 4, _over_time(
            "week_end_date", "Products")),
    ]),
]  # fmt: skip
