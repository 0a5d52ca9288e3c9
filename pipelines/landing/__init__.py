"""Xero → raw: read what changed, look at it, and put it in the place of what was there, or leave all as it was.

What comes in: a client for one organisation. What goes out: the tables of the schema `raw`, whole or untouched.
What does not belong here: HTTP and JSON (`xero`), and any rule about what counts (dbt).
Read more in docs/operations.md.
"""
