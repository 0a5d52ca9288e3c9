"""A person creates orders by hand: an empty one for a supplier; and which lines of the plan some products are.

What belongs here: from the wish to the order in the ledger. What does not: orders of lines of the plan
(`orders_of_plan.py`), the rules (`pipelines/purchasing/order_changes/creating.py`).
Read more in docs/buyer/orders.md.
"""

from collections.abc import Collection

import polars as pl

from pipelines.errors import UsageError
from pipelines.organisations.order_decisions.order_desk import OrderDesk
from pipelines.planning_settings.setting_values import currency as currency_form
from pipelines.product_codes import ProductCodes
from pipelines.purchasing.order_changes.creating import create_empty
from pipelines.purchasing.orders import Order


def lines_of_products(desk: OrderDesk, product_codes: Collection[str]) -> pl.DataFrame:
    """The lines of the newest plan of some products, whose codes may be typed in any case.

    Raises:
        UsageError: the plan does not have a product.
    """
    known = ProductCodes(desk.order_plan["product_code"])
    return desk.order_plan.filter(pl.col("product_code").is_in([known.known(code) for code in product_codes]))


def empty_order(desk: OrderDesk, supplier: str, *, currency: str = "", by: str, reason: str = "") -> Order:
    """Create an order without lines for a supplier, given by name or id; in its usual currency unless given.

    Raises:
        UsageError: there is no such supplier, or it is no currency.
    """
    supplier_id, name, usual_currency = desk.products.supplier(supplier)
    try:
        wanted = currency_form().parse(currency) if currency.strip() else usual_currency
    except ValueError:
        raise UsageError(f"{currency!r} is not a currency: give a code of three letters, such as EUR.") from None
    event = create_empty(
        (supplier_id, name), wanted, desk.plan_source(), order_date=desk.opened.today(), by=by,
        at=desk.opened.now(), reason=reason,
    )  # fmt: skip
    return desk.opened.ledger.append(event)
