"""Purchase orders: the list with its tabs, an order as panel and page, what people do with orders.

What belongs here: the routes. What does not: what is shown (`shown/orders`), what is done (`pipelines/organisations`).
"""

from fastapi import APIRouter

from planner.screens.orders import approving, creating, editing, listing, one_order

router = APIRouter()
# An order's id is the last part of an address, so the addresses with words come first.
for _part in (listing, approving, creating, editing, one_order):
    router.include_router(_part.router)
