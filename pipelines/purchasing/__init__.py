"""Plan → drafts → approved → sent: orders as events that a person decides on, sent to Xero exactly once.

What comes in: a plan and what people decide. What goes out: purchase orders in Xero, and a ledger of every step.
`orders` is pure: an order is a fold over its events. `ledger` keeps the events, `push` talks to Xero.
What does not belong here: quantities (`replenishment`) and HTTP (`xero`).
Read more in docs/operations.md.
"""
