"""What people decided about demand: answers about one-off orders, and events; every change is kept.

Read more in docs/buyer/one-off-orders.md and docs/buyer/promotions.md.
"""
