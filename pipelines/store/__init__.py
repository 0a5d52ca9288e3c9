"""What people decide, kept in a transactional store: organisations, credentials, settings, watermarks, the ledger.

What comes in: decisions, each with who and when. What goes out: the same, unchanged.
What does not belong here: what Xero gave us and what is computed from it, which the warehouse holds and can be made
again. SQLite in the home by default, Postgres by STOCKTRIM_DATABASE_URL.
Read more in docs/operations.md.
"""
