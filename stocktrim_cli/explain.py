"""`stocktrim explain`: how one product's number was made.

Read more in docs/maths.md.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption
from stocktrim_cli.output import out, show_json, show_table
from stocktrim_cli.runs import JsonOption

if TYPE_CHECKING:
    from pipelines.replenishment.explain.explanation_tables import ExplanationTable

SALES_LINES_SHOWN = 10


def explain(
    product_code: Annotated[str, typer.Argument(metavar="PRODUCT_CODE", help="The product's code.")],
    *,
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Explain a product's line of the plan: the bridge, the forecast behind it, the stock that follows, the settings.

    `--json` lists every sales line.

    Example: `stocktrim explain P-0001`
    """
    from dataclasses import asdict

    from pipelines.replenishment.explain.explanation_tables import bridge_table, explanation_tables
    from pipelines.replenishment.explain.product_explanation import SOURCES, ExplanationSources, explain_product
    from pipelines.settings import read_settings
    from pipelines.storage.snapshots import read_published

    folder = read_settings().organisation_folder(organisation)
    explanation = explain_product(ExplanationSources(*read_published(folder, *SOURCES)), product_code)
    if as_json:
        show_json(asdict(explanation))
        return
    _show(bridge_table(explanation))
    for sentence in explanation.sentences:
        out.print(sentence, markup=False)
    for table in explanation_tables(explanation, sales_lines=SALES_LINES_SHOWN):
        _show(table)


def _show(table: "ExplanationTable") -> None:
    if table.sentence:
        out.print(table.sentence, markup=False)
    show_table(table.title, table.headings, table.rows, numbers=table.numbers)
