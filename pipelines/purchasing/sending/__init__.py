"""Sending approved orders, each once: the steps, the calls that are needed, and what Xero already has.

What belongs here: what happens between approval and Xero. What does not: decisions (`orders.py`), the client (`xero`).
Read more in docs/adr/0004-ledger-of-events-and-exactly-once-push.md.
"""
