"""What Dagster shows of one product: the explanation of `stocktrim explain` as Markdown, with a picture.

What belongs here: how much of each table is shown. What does not: what an explanation says
(`pipelines/replenishment/explain/`).
Read more in docs/operations.md.
"""

from typing import Final

from pipelines.replenishment.explain.explanation_tables import ExplanationTable, bridge_table, explanation_tables
from pipelines.replenishment.explain.product_picture import explained_svg
from pipelines.replenishment.explain.records import ProductExplanation
from stocktrim_assets.reports import escaped, markdown_rows, picture

WEEKS_SHOWN: Final = 26
ORDERS_SHOWN: Final = 20


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
