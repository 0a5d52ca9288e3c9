"""What people change on orders: lines, dates and notes, merging and splitting, and who must approve.

What comes in: an order and a person's wish. What goes out: the events that follow, or one sentence why not; pure.
What does not belong here: what an event makes of an order (`orders.py`), sending (`push.py`), the store.
Read more in docs/buyer/orders.md.
"""
