"""What a person reads of a result in Dagster: tables, links and pictures in Markdown.

What belongs here: turning frames and explanations into Markdown. What does not: what every table has (`specs.py`), and
computing anything a buyer relies on. Text that comes from Xero is escaped: Dagster renders Markdown,
and a picture in a product's name would be fetched by whoever looks at it.
Read more in docs/operations.md.
"""

import base64
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

import dagster as dg
import polars as pl

from pipelines.landing.changes import LoadChanges
from pipelines.readiness import by_problem, money, records_named
from pipelines.replenishment.explain.explanation_tables import ExplanationTable, bridge_table, explanation_tables
from pipelines.replenishment.explain.product_picture import explained_svg
from pipelines.replenishment.explain.records import ProductExplanation

_SPECIAL: Final = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]()<>#+-.!|"})
_UNSHOWN: Final = {"supplier_id", "contact_id"}
RECORDS_SHOWN: Final = 10
WEEKS_SHOWN: Final = 26
ORDERS_SHOWN: Final = 20
_TOLD: Final = {
    "problem": "problem", "records": "records", "money": "money at stake", "which": "first of them",
    "effect": "what it means", "what_to_do": "what to do", "xero_link": "in Xero",
}  # fmt: skip
_CHANGED: Final = {
    "records": "records", "new": "new", "changed": "changed", "void": "void", "gone": "gone", "named": "such as",
}  # fmt: skip
_MOVED: Final = {"product_code": "product", "before": "units before", "after": "units now"}
_RECORD: Final = {
    "product_code": "product", "document_number": "document", "name": "name", "occurrences": "lines",
    "quantity": "units", "amount": "money at stake", "currency": "", "age_days": "days old",
    "effect": "what it means", "xero_link": "in Xero",
}  # fmt: skip


def escaped(text: object) -> str:
    """Text from Xero, inert in Markdown."""
    return str("" if text is None else text).translate(_SPECIAL).replace("\n", " ")


def markdown_table(
    frame: pl.DataFrame, *, columns: Mapping[str, str], links: Collection[str] = ()
) -> dg.MetadataValue[Any]:
    """Some columns of a frame as a table; `columns` gives their headings, `links` names those that are addresses."""
    return dg.MetadataValue.md(table_text(frame.to_dicts(), columns=columns, links=links))


def table_text(records: Iterable[Mapping[str, Any]], *, columns: Mapping[str, str], links: Collection[str] = ()) -> str:
    """Some values of records as a table in Markdown; `columns` and `links` as those of `markdown_table`."""
    rows = ((_link(record[name]) if name in links else _cell(record[name]) for name in columns) for record in records)
    return _table(columns.values(), rows)


def markdown_rows(headings: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Rows of values as a table in Markdown under their headings."""
    return _table(headings, ((_cell(value) for value in row) for row in rows))


def picture(svg: str, words: str) -> str:
    """A picture in Markdown that needs no network; `words` stand where it cannot be shown."""
    return f"![{words}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"


def rows_table(frame: pl.DataFrame) -> dg.MetadataValue[Any]:
    """A frame as a table, by the names of its columns; without the ids of suppliers, which say nothing to a person."""
    return markdown_table(frame, columns={name: name for name in frame.columns if name not in _UNSHOWN})


def changes_report(changes: LoadChanges) -> dict[str, Any]:
    """What a load changed: each kind of record, the products whose stock moved most, and both as JSON."""
    report: dict[str, Any] = {
        "changes": dg.MetadataValue.json(changes.as_json),
        "products whose stock moved": changes.products_moved,
    }
    if changes.records:
        rows = [{**vars(entry), "named": ", ".join(entry.named)} for entry in changes.records]
        report["records that changed"] = dg.MetadataValue.md(table_text(rows, columns=_CHANGED))
    if changes.stock_moves:
        moves = [vars(move) for move in changes.stock_moves[:RECORDS_SHOWN]]
        report["largest moves of stock"] = dg.MetadataValue.md(table_text(moves, columns=_MOVED))
    return report


def readiness_report(readiness: pl.DataFrame) -> dict[str, Any]:
    """What Xero's data lack: a line a problem with what to do, then the records of most money of each."""
    problems = by_problem(readiness)
    if problems.is_empty():
        return {"readiness": dg.MetadataValue.md("Nothing in Xero needs a look before a plan can be trusted.")}
    shown: dict[str, Any] = {"readiness": readiness_table(problems)}
    for problem in problems["problem"].unique(maintain_order=True):
        dearest = readiness.filter(pl.col("problem") == problem).sort("amount", descending=True, nulls_last=True)
        shown[f"readiness/{problem}"] = markdown_table(
            dearest.head(RECORDS_SHOWN), columns=_RECORD, links={"xero_link"}
        )
    return shown


def readiness_table(problems: pl.DataFrame) -> dg.MetadataValue[Any]:
    """The rows of `by_problem` as a table, in the words of the command."""
    rows = [row | {"money": money(row), "which": records_named(row)} for row in problems.to_dicts()]
    return dg.MetadataValue.md(table_text(rows, columns=_TOLD, links={"xero_link"}))


def _link(address: str) -> str:
    """An address as a link that stays one whatever Xero put into it."""
    return f"[open]({quote(address, safe='/:?&=')})"


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(headings)
    lines = [" | ".join(titles), *(" | ".join(row) for row in rows)]
    lines.insert(1, " | ".join("---" for _ in titles))
    return "\n".join(f"| {line} |" for line in lines)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else escaped(value)


def explanation_text(explanation: ProductExplanation, *, transactions_shown: int) -> str:
    """An explanation in Markdown: the product, the picture, the bridge, why, and the tables behind it."""
    bridge = bridge_table(explanation)
    tables = explanation_tables(
        explanation, weeks=WEEKS_SHOWN, orders=ORDERS_SHOWN, sales_lines=transactions_shown
    )  # fmt: skip
    return "\n\n".join(
        [
            f"**{escaped(bridge.title)}**",
            picture(explained_svg(explanation), "sales, forecast and projected stock"),
            markdown_rows(bridge.headings, bridge.rows),
            "\n".join(f"- {escaped(sentence)}" for sentence in explanation.sentences),
            *(_section(table) for table in tables),
        ]
    )


def _section(table: ExplanationTable) -> str:
    """A table under its title, after its sentence."""
    sentence = f"{escaped(table.sentence)}\n\n" if table.sentence else ""
    rows = markdown_rows(table.headings, table.rows) if table.rows else "None."
    return f"{sentence}### {table.title}\n\n{rows}"
