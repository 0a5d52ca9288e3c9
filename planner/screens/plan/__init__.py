"""What is written from the order plan: quantities, orders, settings of many products, views of one's own.

What belongs here: the routes that write. What does not: the page itself (`plan_screen.py`), what is shown
(`shown/plan`).
"""

from fastapi import APIRouter

from planner.screens.plan import change_quantities, change_settings, plan_orders, plan_quantities, plan_views

router = APIRouter()
for part in (plan_quantities, plan_orders, change_quantities, change_settings, plan_views):
    router.include_router(part.router)
