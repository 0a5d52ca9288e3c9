"""The settings screen: what is believed about products and suppliers, what a change would do, who changed what.

What belongs here: routes. What does not: what they show (`shown/settings`), the settings (`pipelines.organisations`).
"""

from fastapi import APIRouter

from planner.screens.settings import changing, files, group_changes, one_offs, pages, past

router = APIRouter()
for part in (pages, changing, past, files, group_changes, one_offs):
    router.include_router(part.router)
