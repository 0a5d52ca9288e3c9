"""Xero → raw: changes are read, checked, and replace the stored rows, or nothing changes.

What comes in: a client for one organisation. What goes out: the tables of the schema `raw`, whole or untouched.
What does not belong here: HTTP and JSON (`xero`), and the rules of what counts (dbt).
Read more in docs/operations.md.
"""
