"""How Dagster's instance works here: its storage, and the processes in which runs start.

What belongs here: what `dagster.yaml` names, and runs of a terminal. What does not: the home of the instance
(`home.py`), jobs and assets.
Read more in docs/operations.md.
"""
