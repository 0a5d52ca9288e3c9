"""Purchase orders: the list with its tabs, an order as panel and page, what people do with orders.

What belongs here: the routes. What does not: what is shown (`shown/orders_shown`), the decisions (`pipelines`).
"""

from fastapi import APIRouter

from planner.screens.orders_screens import approving, editing, new_orders, one_order, order_list

router = APIRouter()
# An order's id is the last part of an address, so the addresses with words come first.
for _part in (order_list, approving, new_orders, editing, one_order):
    router.include_router(_part.router)
