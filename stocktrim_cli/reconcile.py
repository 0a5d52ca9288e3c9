"""`stocktrim reconcile`: why a month's total differs from Xero's.

Read more in docs/bi.md.
"""

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from stocktrim_cli.chosen_organisation import DEFAULT_ORGANISATION, OrganisationOption, command_for
from stocktrim_cli.output import out, rows_of, show_json, show_table
from stocktrim_cli.runs import JsonOption

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

_TOTALS: Final = {
    "sold": "sold_quantity",
    "our total": "demand_quantity",
    "Xero's invoices": "xero_invoiced_quantity",
    "difference": "difference",
    "of Xero's, voided": "xero_voided_quantity",
    "Xero's credit notes": "xero_credited_quantity",
}
_SHOWN: Final = ("demand_date", "invoice_number", "status", "customer_name", "quantity", "difference")


def reconcile(
    product_code: Annotated[str, typer.Argument(metavar="PRODUCT_CODE", help="The product's code.")],
    *,
    month: Annotated[str, typer.Option(metavar="YYYY-MM", help="The month; default: every month.")] = "",
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Compare a product's monthly totals with Xero's invoices, and give the reason for each difference.

    Example: `stocktrim reconcile P-0001 --month 2026-03`
    """
    code, monthly, differences = _gather(organisation, product_code, month)
    if as_json:
        show_json({"product_code": code, "months": monthly, "differences": differences})
        return
    show_table(
        f"{code}: our total and Xero's",
        ["month", *_TOTALS],
        [[f"{row['month']:%Y-%m}", *(row[name] for name in _TOTALS.values())] for row in monthly],
        numbers=list(_TOTALS),
    )  # fmt: skip
    if not differences:
        out.print("Both totals agree, line by line.", markup=False)
        return
    show_table(
        "Reasons for the difference",
        ["date", "invoice", "status", "customer", "units", "difference", "reason", "in Xero"],
        [
            [*values, _reason(row), row["xero_link"]]
            for row, values in zip(differences, rows_of(differences, _SHOWN), strict=True)
        ],
        numbers=["units", "difference"],
    )


def _reason(difference: dict[str, Any]) -> str:
    note = difference["credit_note_number"]
    from pipelines.replenishment.explain.difference_words import REASONS

    reason = REASONS[difference["reason"]]
    return f"{reason} ({note} of {difference['credit_note_date']})" if note else reason


def _gather(organisation: str, product_code: str, month: str) -> tuple[str, list[dict[str, Any]], list[dict[str, Any]]]:
    """The product's code, its published months, and the lines with a difference."""
    from pipelines.errors import UsageError
    from pipelines.product_codes import find_product
    from pipelines.settings import read_settings
    from pipelines.storage import tables
    from pipelines.storage.snapshots import read_published

    first_day = _first_day(month) if month else None
    folder = read_settings().organisation_folder(organisation)
    frames = read_published(folder, tables.SALES_MONTHLY, tables.SALES_DIFFERENCES)
    codes = (code for frame in frames for code in frame["product_code"].unique())
    code = find_product(codes, product_code) or product_code
    monthly, differences = (_chosen(frame, code, first_day) for frame in frames)
    if not monthly and not differences:
        raise UsageError(
            f"No sales of {product_code!r}{f' in {month}' if month else ''} were loaded: check the code, or run "
            f"{command_for(organisation, 'load')} if they are new in Xero."
        )
    return code, monthly, differences


def _chosen(frame: "pl.DataFrame", product_code: str, first_day: "date | None") -> list[dict[str, Any]]:
    import polars as pl

    of_product = frame.filter(pl.col("product_code") == product_code)
    return (of_product if first_day is None else of_product.filter(pl.col("month") == first_day)).to_dicts()


def _first_day(month: str) -> "date":
    from datetime import datetime

    from pipelines.errors import UsageError

    try:
        return datetime.strptime(month, "%Y-%m").date()  # noqa: DTZ007, a month of the organisation's calendar
    except ValueError:
        raise UsageError(f"{month!r} is not a month: give it as YYYY-MM, such as 2026-03.") from None
