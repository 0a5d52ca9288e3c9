"""Loads, plans and sends from the desk, each a run of Dagster's, so that its pages show every one.

What belongs here: asking Dagster's web server, and what its answers mean. What does not: the jobs (`stocktrim_assets`).
"""
