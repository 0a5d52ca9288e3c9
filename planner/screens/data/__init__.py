"""Load data: the age of what is shown, loads and plans with their progress, what to mend in Xero, connections.

What belongs here: the routes below one address. What does not: what they show (`shown/loading`), and asking Dagster
(`planner/runs`).
"""

from fastapi import APIRouter

from planner.screens.data import data_screen, runs_screen

router = APIRouter()
for screen in (data_screen, runs_screen):
    router.include_router(screen.router)
