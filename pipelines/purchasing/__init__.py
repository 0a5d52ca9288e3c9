"""Plan → drafts → approved → sent: orders as events that a person decides on, sent to Xero exactly once.

What comes in: a plan and what people decide. What goes out: purchase orders in Xero, and a ledger of every step.
`orders` folds events into an order, `transitions` says which event may come next, `push` sends to Xero; the ledger is
the store's (`store/order_ledger.py`).
What does not belong here: quantities (`replenishment`) and HTTP (`xero`).
Read more in docs/operations.md.
"""
