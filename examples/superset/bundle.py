"""One organisation's dashboard in Superset's import format, from what `dashboard.py` says and the tables themselves.

What belongs here: databases, datasets, charts and dashboards as Superset wants them. What does not: what they show.
Identities follow from names, so that importing again changes what is there and adds nothing. Read more in README.md.
"""

import json
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import duckdb

from examples.superset.dashboard import COLOURS, MEASURES, MONEY, QUESTIONS, ROWS, TITLE, Chart

ABOUT: Final = "select organisation_name, base_currency from data_freshness"


def bundle(organisation: str, snapshot: Path) -> dict[str, str]:
    """The files of the bundle by name; each is JSON, and so YAML too."""
    with duckdb.connect(str(snapshot), read_only=True) as published:
        name, currency = published.sql(ABOUT).fetchall()[0]
        tables = [*published.sql("select table_name, comment from duckdb_tables()").fetchall(), *QUESTIONS.items()]
        datasets = [_dataset(organisation, published, table, about, currency=currency) for table, about in tables]
    charts = [_chart(organisation, chart) for _, row in ROWS for chart in row]
    files = {
        "metadata.yaml": {"type": "assets"},
        "databases/published.yaml": _database(organisation, snapshot),
        **{f"datasets/{dataset['table_name']}.yaml": dataset for dataset in datasets},
        **{f"charts/{number}.yaml": chart for number, chart in enumerate(charts)},
        "dashboards/dashboard.yaml": _dashboard(organisation, f"{TITLE}: {name}"),
    }
    return {file: json.dumps(content | {"version": "1.0.0"}) for file, content in files.items()}


def is_older(snapshot: Path) -> bool:
    """Whether it was published by a version that had not yet all that the dashboard reads."""
    queries = [ABOUT, *(question(chart) for _, row in ROWS for chart in row)]
    with duckdb.connect(str(snapshot), read_only=True) as published:
        try:
            for query in queries:
                published.execute(f"explain {query}")
        except (duckdb.BinderException, duckdb.CatalogException):
            return True
    return False


def question(chart: Chart) -> str:
    """What Superset asks for a chart, as far as names and types go."""
    params: dict[str, Any] = chart.params
    sorted_by = [json.loads(order)[0] for order in params.get("order_by_cols", [])]
    columns = [*params.get("groupby", []), *params.get("all_columns", []), *sorted_by]
    if "x_axis" in params:
        columns.append(f"date_trunc('day', {params['x_axis']})")
    names = [*params.get("metrics", []), *([params["metric"]] if "metric" in params else [])]
    measures = [MEASURES[chart.table][name] for name in names]
    filters = [condition["sqlExpression"] for condition in params.get("adhoc_filters", [])] or ["true"]
    source = f"({QUESTIONS[chart.table]})" if chart.table in QUESTIONS else chart.table
    grouped = f"group by {', '.join(columns)}" if columns and measures else ""
    return f"select {', '.join([*columns, *measures])} from {source} where {' and '.join(filters)} {grouped}"


def address(organisation: str) -> str:
    """Where its dashboard stands."""
    return f"/superset/dashboard/stock-{organisation}/"


def _identity(*names: str) -> str:
    return str(uuid5(NAMESPACE_URL, "/".join(["stocktrim", *names])))


def _database(organisation: str, snapshot: Path) -> dict[str, Any]:
    """The file behind the link `published`: opened anew for each query, read-only, with no way to other files."""
    shut = {"enable_external_access": False, "lock_configuration": True}
    return {
        "uuid": _identity(organisation),
        "database_name": f"stocktrim {organisation}",
        "sqlalchemy_uri": f"duckdb:///{snapshot}",
        "allow_csv_upload": False,
        "extra": {"engine_params": {"connect_args": {"read_only": True, "config": shut}}},
    }


def _dataset(
    organisation: str, published: duckdb.DuckDBPyConnection, table: str, about: str, *, currency: str
) -> dict[str, Any]:
    """A published table or a question in SQL, its columns with their meanings, its measures."""
    source = f"({about})" if table in QUESTIONS else table
    meanings = dict(
        published.execute("select column_name, comment from duckdb_columns() where table_name = ?", [table]).fetchall()
    )
    columns = published.execute(f"describe select * from {source}").fetchall()
    money = {"symbol": currency, "symbolPosition": "prefix"}
    return {
        "uuid": _identity(organisation, "dataset", table),
        "database_uuid": _identity(organisation),
        "schema": "main",
        "table_name": table,
        **({"sql": about} if table in QUESTIONS else {"description": about}),
        "columns": [
            {
                "column_name": column,
                "verbose_name": column.replace("_", " ").capitalize(),
                "type": data_type,
                "description": meanings.get(column),
                "is_dttm": data_type.startswith(("DATE", "TIMESTAMP")),
            }
            for column, data_type, *_ in columns
        ],
        "metrics": [
            {"metric_name": name, "expression": sql, "d3format": ",.0f", "currency": money if name in MONEY else None}
            for name, sql in MEASURES.get(table, {}).items()
        ],
    }


def _chart(organisation: str, chart: Chart) -> dict[str, Any]:
    return {
        "uuid": _identity(organisation, "chart", chart.name),
        "dataset_uuid": _identity(organisation, "dataset", chart.table),
        "slice_name": chart.name,
        "viz_type": chart.kind,
        "params": {"viz_type": chart.kind, **chart.params},
    }


def _dashboard(organisation: str, title: str) -> dict[str, Any]:
    rows = {f"ROW-{number}": row for number, row in enumerate(ROWS)}
    position = {"ROOT_ID": _place("ROOT_ID", ["GRID_ID"]), "GRID_ID": _place("GRID_ID", list(rows))}
    for row_id, (height, charts) in rows.items():
        placed = {f"CHART-{row_id}-{number}": chart for number, chart in enumerate(charts)}
        position[row_id] = _place(row_id, list(placed), background="BACKGROUND_TRANSPARENT")
        for place, chart in placed.items():
            meta = {"uuid": _identity(organisation, "chart", chart.name), "width": chart.width, "height": height}
            position[place] = _place(place, [], chartId=len(position), **meta)
    return {
        "uuid": _identity(organisation, "dashboard"),
        "dashboard_title": title,
        "slug": Path(address(organisation)).name,
        "published": True,
        "position": {"DASHBOARD_VERSION_KEY": "v2", **position},
        "metadata": {"refresh_frequency": 300, "label_colors": COLOURS},
    }


def _place(name: str, children: list[str], **meta: Any) -> dict[str, Any]:
    """A part of the page, which has its kind in its name."""
    return {"id": name, "type": name.partition("_")[0].partition("-")[0], "children": children, "meta": meta}
