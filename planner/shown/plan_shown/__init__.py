"""The order plan beside what is decided about it: quantities on drafts, selections, settings to come, saved views.

What belongs here: what the plan's parts show. What does not: its lines and columns, which programs get too
(`shown/plan_lines_shown.py`).
"""
