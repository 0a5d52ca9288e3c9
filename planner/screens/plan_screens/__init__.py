"""What is written from the order plan: quantities, orders, settings of many products, views of one's own.

What belongs here: the routes that write. What does not: the page itself (`plan_screen.py`), what is shown
(`shown/plan_shown`).
"""

from fastapi import APIRouter

from planner.screens.plan_screens import change_quantities, change_settings, own_views, plan_orders, quantity_edits

router = APIRouter()
for part in (quantity_edits, plan_orders, change_quantities, change_settings, own_views):
    router.include_router(part.router)
