"""Beside the order plan's page: what is written from it, and the plan as a spreadsheet.

What belongs here: quantities, orders, settings of many products, views of one's own, the spreadsheet's page. What does
not: the plan's page itself (`plan_screen.py`), what is shown (`shown/plan_shown`).
"""

from fastapi import APIRouter

from planner.screens.plan_screens import (
    change_quantities,
    change_settings,
    own_views,
    plan_grid,
    plan_orders,
    quantity_edits,
)

router = APIRouter()
for part in (quantity_edits, plan_orders, change_quantities, change_settings, own_views, plan_grid):
    router.include_router(part.router)
