"""The settings screen: what is believed about products and suppliers, what a change would do, who changed what.

What belongs here: routes. What does not: what they show (`shown/settings_shown`), the settings (`pipelines`).
"""

from fastapi import APIRouter

from planner.screens.settings_screens import (
    changing,
    files,
    group_changes,
    one_offs,
    promotions,
    settings_history,
    settings_pages,
)

router = APIRouter()
for part in (settings_pages, changing, settings_history, files, group_changes, one_offs, promotions):
    router.include_router(part.router)
