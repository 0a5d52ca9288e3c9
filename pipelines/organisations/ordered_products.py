"""Products and suppliers as a buyer puts them on an order: name, cost, when they arrive, whether they can be divided.

What belongs here: looking them up in what is published. What does not: the orders (`order_desk.py`).
Read more in docs/buyer/orders.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.errors import UsageError
from pipelines.nearest_names import several_named, unknown_name
from pipelines.planning_settings.supplier_terms.price_breaks import PriceBreak, breaks_in, cost_of
from pipelines.product_codes import ProductCodes, folded
from pipelines.purchasing.drafts import Terms
from pipelines.purchasing.events import OrderLine
from pipelines.purchasing.order_changes.divisible import is_divisible
from pipelines.purchasing.orders import Order
from pipelines.purchasing.xero_matching import PRICE_DECIMALS
from pipelines.storage import tables
from pipelines.storage.tables import Table


@dataclass(frozen=True)
class OrderedProducts:
    """The products and suppliers of an organisation, read from these tables, with suppliers' terms."""

    read: Callable[[Table], pl.DataFrame]
    terms: Terms
    base_currency: str

    def supplier(self, wanted: str) -> tuple[str, str, str]:
        """The id, the name and the currency of a supplier, which is given by name or id.

        Raises:
            UsageError: there is no such supplier, several have this name, or it is archived in Xero.
        """
        suppliers = self.read(tables.SUPPLIERS)
        rows = suppliers.filter((pl.col("supplier_id") == wanted) | (pl.col("supplier_name") == wanted)).to_dicts()
        rows = rows or [row for row in suppliers.to_dicts() if folded(str(row["supplier_name"])) == folded(wanted)]
        if not rows:
            raise UsageError(unknown_name("supplier", wanted, suppliers["supplier_name"].drop_nulls().to_list()))
        if len(rows) > 1:
            raise UsageError(several_named("suppliers", wanted, [row["supplier_id"] for row in rows]))
        if rows[0]["is_archived"]:
            raise UsageError(
                f"The supplier {rows[0]['supplier_name']} is archived in Xero, which refuses orders to it."
            )
        return rows[0]["supplier_id"], rows[0]["supplier_name"], rows[0]["currency"] or self.base_currency

    def line(
        self, order: Order, product_code: str, quantity: Decimal, *, unit_cost: Decimal | None, arrival: date | None
    ) -> OrderLine:
        """A new line of an order: the product's name, cost and expected date, unless given.

        Raises:
            UsageError: there is no such product, or its cost in the order's currency is not known.
        """
        products = self.read(tables.PRODUCTS)
        code = ProductCodes(products["product_code"]).known(product_code)
        (row,) = products.filter(product_code=code).to_dicts()
        if unit_cost is None and (why := _why_no_cost(row, order)):
            raise UsageError(f"{code} {why}: add --cost with the price of a unit in {order.currency}.")
        usual = row["unit_cost"] if unit_cost is None else unit_cost
        return OrderLine(
            code, row["product_name"] or code, quantity,
            usual if unit_cost is not None else cost_of(quantity, usual, self._breaks(order, code)),
            self.terms.supplier_product_codes.get(code, ""), arrival or self._arrival(order, code),
            price_decimals=self.terms.xero_price_decimals or PRICE_DECIMALS,
        )  # fmt: skip

    def cost_at(self, order: Order, line: OrderLine, quantity: Decimal) -> Decimal | None:
        """The price of a unit of a line if its quantity changes; None if no price break changes it.

        A price that is not that of the breaks is a person's, and stays.
        """
        breaks = self._breaks(order, line.product_code)
        costs = self.read(tables.PRODUCTS).filter(product_code=line.product_code)["unit_cost"].to_list()
        if not breaks or not costs or not costs[0] or line.unit_cost != cost_of(line.quantity, costs[0], breaks):
            return None
        new = cost_of(quantity, costs[0], breaks)
        return None if new == line.unit_cost else new

    def _breaks(self, order: Order, product_code: str) -> list[PriceBreak]:
        """The price breaks of a product on an order to its own supplier."""
        plan = self.read(tables.ORDER_PLAN).filter(product_code=product_code, supplier_id=order.supplier_id)
        return breaks_in(next(iter(plan["price_breaks"].drop_nulls()), ""))

    def _arrival(self, order: Order, product_code: str) -> date:
        """When a product of an order is expected: after its lead time, by its supplier's calendar."""
        found = self.read(tables.ORDER_PLAN).filter(product_code=product_code)["expected_lead_time_days"].to_list()
        days = (found[0] if found else 0) or 0
        from pipelines.planning_settings.supplier_terms.supplier_calendar import (  # noqa: PLC0415, only a new line needs numpy
            EVERYONE,
            calendars_by_supplier,
        )

        calendars = calendars_by_supplier(self.read(tables.SUPPLIER_CALENDARS), as_of=order.order_date)
        calendar = calendars.get(order.supplier_id, calendars.get(EVERYONE))
        if calendar is not None:
            days = calendar.arrives_after(days)
        return order.order_date + timedelta(days=days)

    def is_divisible(self, product_code: str) -> bool:
        """Whether a fraction of a unit of a product can be ordered."""
        batch = self.read(tables.PLAN_SETTINGS).filter(product_code=product_code, name="batch_size")["value"].to_list()
        return is_divisible(
            float(batch[0]) if batch and batch[0] else None,
            [
                *self._values(tables.DEMAND_TRANSACTIONS, product_code, "sold_quantity", "credited_quantity"),
                *self._values(tables.STOCK_ON_ORDER, product_code, "ordered_quantity", "billed_quantity"),
                *self._values(tables.STOCK_POSITION, product_code, "stock_on_hand"),
            ],
        )

    def _values(self, table: Table, product_code: str, *columns: str) -> list[pl.Series]:
        return self.read(table).filter(product_code=product_code).select(columns).get_columns()


def _why_no_cost(product: Mapping[str, Any], order: Order) -> str:
    """Why the cost of a product is not known on an order; empty if it is."""
    if product["unit_cost"] is None:
        return "has no cost"
    if product["currency"] != order.currency:
        return f"has a cost in {product['currency']}"
    if product["supplier_id"] not in {None, order.supplier_id}:
        return f"has the cost of {product['supplier_name']}, and the order goes to {order.supplier_name}"
    return ""
