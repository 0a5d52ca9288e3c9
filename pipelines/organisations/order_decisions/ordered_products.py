"""Products and suppliers as a buyer puts them on an order: name, cost, when they arrive, whether they can be divided.

What belongs here: looking them up in what is published. What does not: the orders (`order_desk.py`).
Read more in docs/buyer/orders.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
from pipelines.purchasing.sending.xero_matching import PRICE_DECIMALS
from pipelines.storage import tables
from pipelines.storage.tables import Table, empty


@dataclass(frozen=True)
class OrderedProducts:
    """The products and suppliers of an organisation, read from these tables, with suppliers' terms.

    `settings` are those that people made, in the shape of `raw.planning_settings`.
    """

    read: Callable[[Table], pl.DataFrame]
    terms: Terms
    base_currency: str
    settings: pl.DataFrame = field(default_factory=lambda: empty(tables.PLANNING_SETTINGS))

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
        usual, why = self._usual_cost(order, row)
        if unit_cost is None and usual is None:
            raise UsageError(f"{code} {why}: add --cost with the price of a unit in {order.currency}.")
        breaks, lead_time_days = self._terms_with(order, code)
        return OrderLine(
            code, row["product_name"] or code, quantity,
            cost_of(quantity, usual, breaks) if unit_cost is None and usual is not None else unit_cost or Decimal(0),
            self.terms.supplier_product_code(code, order.supplier_id), arrival or self._arrival(order, lead_time_days),
            price_decimals=self.terms.xero_price_decimals or PRICE_DECIMALS,
        )  # fmt: skip

    def cost_at(self, order: Order, line: OrderLine, quantity: Decimal) -> Decimal | None:
        """The price of a unit of a line if its quantity changes; None if no price break changes it.

        A price that is not that of the breaks is a person's, and stays.
        """
        products = self.read(tables.PRODUCTS).filter(product_code=line.product_code).to_dicts()
        usual = self._usual_cost(order, products[0])[0] if products else None
        breaks = self._terms_with(order, line.product_code)[0] if usual else []
        if not usual or not breaks or line.unit_cost != cost_of(line.quantity, usual, breaks):
            return None
        new = cost_of(quantity, usual, breaks)
        return None if new == line.unit_cost else new

    def _usual_cost(self, order: Order, product: Mapping[str, Any]) -> tuple[Decimal | None, str]:
        """The cost of a product on an order: of its own supplier, else what this one asks; without one, why not."""
        why = _why_no_cost(product, order)
        if not why:
            return product["unit_cost"], ""
        offers = self.read(tables.PRODUCT_SUPPLIERS).filter(
            pl.col("unit_cost").is_not_null(), product_code=product["product_code"], supplier_id=order.supplier_id,
            currency=order.currency,
        )  # fmt: skip
        return next(iter(offers["unit_cost"]), None), why

    def _terms_with(self, order: Order, product_code: str) -> tuple[list[PriceBreak], int]:
        """The price breaks and the lead time in days of a product from an order's supplier.

        They are those of the plan; of another supplier, what the plan would use if it ordered from there.
        """
        planned = self.read(tables.ORDER_PLAN).filter(product_code=product_code, supplier_id=order.supplier_id)
        if not planned.is_empty():
            return breaks_in(planned["price_breaks"][0] or ""), planned["expected_lead_time_days"][0] or 0
        from pipelines.replenishment.planning_parameters import planning_parameters  # noqa: PLC0415, only a new line needs numpy

        of_pair = (pl.col("product_code") != product_code) | (pl.col("supplier_id") == order.supplier_id)
        made = planning_parameters(
            pl.DataFrame({"product_code": [product_code], "supplier_id": [order.supplier_id]}), self.settings,
            self.read(tables.PURCHASE_RECEIPTS).filter(of_pair), self.read(tables.STOCK_ON_ORDER).filter(of_pair),
            self.read(tables.PRODUCT_GROUPS), as_of=order.order_date,
        )  # fmt: skip
        breaks = made.plan_settings.filter(product_code=product_code, name="price_breaks")["value"]
        days = made.protection_intervals["expected_lead_time_days"]
        return breaks_in(next(iter(breaks), None) or ""), next(iter(days), None) or 0

    def _arrival(self, order: Order, lead_time_days: int) -> date:
        """When a line of an order is expected: after a lead time, by the supplier's calendar."""
        days = lead_time_days
        from pipelines.planning_settings.supplier_terms.supplier_calendar import (  # noqa: PLC0415, only a new line needs numpy
            calendar_of,
            calendars_by_supplier,
        )

        calendars = calendars_by_supplier(self.read(tables.SUPPLIER_CALENDARS), as_of=order.order_date)
        calendar = calendar_of(order.supplier_id, calendars)
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
