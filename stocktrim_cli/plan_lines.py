"""Lines of a plan as a buyer wants to see them: filtered, sorted, with the columns of their choice.

What belongs here: choosing lines and columns. What does not: reading the plan and printing it (`plan_show.py`).
Read more in docs/interfaces.md.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipelines.replenishment.plan.statuses import ORDER_LATER, STATUSES_NOW
from stocktrim_cli.output import counted

if TYPE_CHECKING:
    import polars as pl

# The heading of a column that has one of its own; any other column of the plan is named as it is.
HEADINGS: Final = {
    "product_code": "product", "product_name": "name", "supplier_name": "supplier", "status": "status",
    "reason": "reason", "order_action": "action", "order_quantity": "quantity",
    "assembly_quantity": "to assemble", "order_value": "value", "currency": "currency",
}  # fmt: skip
# Xero's id of a supplier says nothing to a person.
_HIDDEN: Final = frozenset({"supplier_id"})


@dataclass(frozen=True)
class LineFilter:
    """Which lines of a plan are wanted; empty values want all. `product_codes` are those of a group, if one is."""

    status: str = ""
    supplier: str = ""
    search: str = ""
    is_late: bool = False
    is_overstocked: bool = False
    product_codes: Collection[str] | None = None


def chosen_lines(order_plan: "pl.DataFrame", wanted: LineFilter) -> "pl.DataFrame":
    """The lines that meet every condition, in the order of the plan.

    The supplier is given by name or id.

    Raises:
        UsageError: there is no such status, no product of the plan has this supplier, or several have this name.
    """
    import polars as pl

    from pipelines.product_codes import contains_words
    from pipelines.replenishment.plan.plan_reports import REPORTS

    conditions = [
        *_same("status", wanted.status, STATUSES_NOW),
        *_of_supplier(order_plan, wanted.supplier),
        *([contains_words(wanted.search)] if wanted.search else []),
        *([REPORTS["late_orders"].condition] if wanted.is_late else []),
        *([REPORTS["overstocked"].condition] if wanted.is_overstocked else []),
        *([] if wanted.product_codes is None else [pl.col("product_code").is_in(list(wanted.product_codes))]),
    ]
    return order_plan.filter(*conditions) if conditions else order_plan


def sorted_lines(order_plan: "pl.DataFrame", by: str) -> "pl.DataFrame":
    """The lines by a column, from the largest after a minus; without a column those to order first, by urgency.

    Raises:
        UsageError: there is no such column.
    """
    import polars as pl

    from pipelines.replenishment.plan.plan_reports import URGENCY, rows_in_order

    if not by:
        return order_plan[rows_in_order(order_plan, pl.lit(value=True), URGENCY)]
    (column,) = known_columns(order_plan, [by.removeprefix("-")])
    descending = [by.startswith("-"), False]
    return order_plan.sort(column, "product_code", descending=descending, nulls_last=True, maintain_order=True)


def known_columns(order_plan: "pl.DataFrame", names: Iterable[str]) -> list[str]:
    """The plan's columns of these names, each once; a name is a heading or that of a column.

    Raises:
        UsageError: there is no such column.
    """
    columns = {name: name for name in order_plan.columns if name not in _HIDDEN}
    columns = {HEADINGS.get(name, name): name for name in columns} | columns
    return list(dict.fromkeys(columns[_known("column", name.strip(), columns)] for name in names))


def totals(lines: "pl.DataFrame", products: int) -> str:
    """The number of lines, and what their orders cost, by currency."""
    from pipelines.replenishment.plan.plan_reports import total_of

    worth = " and ".join(f"{value:,.2f} {currency}".rstrip() for currency, value in total_of(lines).value_by_currency)
    return f"{lines.height:,} of {products:,} lines{f'; to order: {worth}' if worth else ''}."


def known_name(noun: str, wanted: str, known: "Iterable[str | None]") -> str:
    """The known name that a person means, whatever its case.

    Raises:
        UsageError: there is none, with the nearest ones.
    """
    return _known(noun, wanted, sorted({name for name in known if name}))


def later_orders(order_plan: "pl.DataFrame") -> list[str]:
    """A sentence for each supplier whose order cannot be placed today, the soonest first."""
    import polars as pl

    from pipelines.replenishment.explain.calendar_sentences import in_words

    later = (
        order_plan.filter(pl.col("status") == ORDER_LATER, pl.col("supplier_name").is_not_null())
        .group_by("order_on_date", "supplier_name")
        .agg(products=pl.len())
        .sort("order_on_date", "supplier_name")
    )
    return [
        f"{supplier} takes no order today: its order of {counted(products, 'product')} is for {in_words(day)}."
        for day, supplier, products in later.rows()
    ]


def _same(column: str, wanted: str, known: "Iterable[str | None]") -> "Sequence[pl.Expr]":
    import polars as pl

    return [pl.col(column) == _known(HEADINGS[column], wanted, filter(None, known))] if wanted else []


def _of_supplier(order_plan: "pl.DataFrame", wanted: str) -> "Sequence[pl.Expr]":
    import polars as pl

    from pipelines.errors import UsageError
    from pipelines.nearest_names import several_named, unknown_name

    if not wanted:
        return []
    suppliers = order_plan.select("supplier_id", "supplier_name").unique().drop_nulls("supplier_name")
    folded = wanted.strip().casefold()
    rows = suppliers.sort("supplier_name", "supplier_id").rows()
    found = [row for row in rows if wanted.strip() in row]
    found = found or [row for row in rows if folded in {(row[0] or "").casefold(), row[1].casefold()}]
    if not found:
        raise UsageError(unknown_name("supplier", wanted, dict.fromkeys(name for _, name in rows)))
    ids = {supplier_id for supplier_id, _ in found}
    if len(ids) > 1:
        raise UsageError(several_named("suppliers", wanted, [one or "none" for one in ids]))
    return [pl.col("supplier_id").eq_missing(found[0][0]) & (pl.col("supplier_name") == found[0][1])]


def _known(noun: str, wanted: str, known: Iterable[str]) -> str:
    """The known name that a person means, whatever its case."""
    from pipelines.errors import UsageError
    from pipelines.nearest_names import unknown_name
    from pipelines.product_codes import folded

    names = list(known)
    for name in names:
        if wanted == name:
            return name
    alike = [name for name in names if folded(name) == folded(wanted)]
    if len(alike) == 1:
        return alike[0]
    raise UsageError(unknown_name(noun, wanted, names))
