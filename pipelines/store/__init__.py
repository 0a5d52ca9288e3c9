"""The transactional store of what people decide: organisations, credentials, settings, watermarks, the ledger.

What comes in: decisions, each with who and when. What goes out: the same, unchanged.
What does not belong here: data of Xero and what is computed from them, which the warehouse holds and can make again.
SQLite in the home by default, Postgres by STOCKTRIM_DATABASE_URL.
Read more in docs/operations.md.
"""
