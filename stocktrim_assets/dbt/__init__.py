"""dbt as Dagster runs it: its project, the part of its graph that is shown, and what became of its models and tests.

What belongs here: what knows dbt's manifest, command line or results. What does not: assets (`assets/marts.py`).
Read more in docs/warehouse.md.
"""
