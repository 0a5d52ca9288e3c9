"""The history of the store's tables, for Alembic.

What belongs here: `env.py` and one file a change in `versions`. What does not: the tables as they are (`schema.py`).
Read more in docs/operations.md.
"""
