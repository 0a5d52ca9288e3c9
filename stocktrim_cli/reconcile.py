"""`stocktrim reconcile`: why a month's total is not the one in Xero.

Read more in docs/bi.md.
"""

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from stocktrim_cli.output import out, rows_of, show_json, show_table
from stocktrim_cli.runs import DEFAULT_ORGANISATION, JsonOption, OrganisationOption

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

REASONS: Final = {
    "draft_counted": "draft counted: not approved yet, so Xero's total leaves it out",
    "void_not_counted": "void not counted: the invoice stays in Xero's list, its sale never was",
    "credit_note": "credit note: takes the sale back",
    "other_date": "other date: a credit note of another month counts at the sale's date",
    "other_product": "other product: the invoice carries a code that the product had",
    "taken_back_on_invoice": "taken back on an invoice: cancels the sales before it, unless returns are ignored",
    "returned_on_invoice": "returned on an invoice: takes the sale back at the sale's date",
    "negative_price": "negative price: gives money back, no goods",
}
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
    month: Annotated[str, typer.Option(metavar="YYYY-MM", help="The month; without it, every month.")] = "",
    organisation: OrganisationOption = DEFAULT_ORGANISATION,
    as_json: JsonOption = False,
) -> None:
    """Reconcile a product's monthly totals with Xero's own invoices, each line that makes a difference with its reason.

    Example: `stocktrim reconcile P-0001 --month 2026-03`
    """
    code, monthly, differences = _gather(organisation, product_code, month)
    if as_json:
        show_json({"product_code": code, "months": monthly, "differences": differences})
        return
    show_table(
        f"{code}: our total and Xero's",
        ["month", *_TOTALS],
        [[f"{one['month']:%Y-%m}", *(one[name] for name in _TOTALS.values())] for one in monthly],
        numbers=list(_TOTALS),
    )  # fmt: skip
    if not differences:
        out.print("Both totals are the same, line by line.", markup=False)
        return
    show_table(
        "What makes the difference",
        ["date", "invoice", "status", "customer", "pieces", "difference", "reason", "in Xero"],
        [
            [*values, _reason(one), one["xero_link"]]
            for one, values in zip(differences, rows_of(differences, _SHOWN), strict=True)
        ],
        numbers=["pieces", "difference"],
    )


def _reason(difference: dict[str, Any]) -> str:
    note = difference["credit_note_number"]
    told = REASONS[difference["reason"]]
    return f"{told} ({note} of {difference['credit_note_date']})" if note else told


def _gather(organisation: str, product_code: str, month: str) -> tuple[str, list[dict[str, Any]], list[dict[str, Any]]]:
    """The product, its months, and the lines that make their differences, as they are published."""
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
            f"There are no sales of {product_code!r}{f' in {month}' if month else ''} in what was loaded: "
            f"look at the code, or run `stocktrim load` if they are new in Xero."
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
        raise UsageError(f"{month!r} is no month: give it as YYYY-MM, such as 2026-03.") from None
