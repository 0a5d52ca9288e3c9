"""Open orders: what to do about each line of goods that are on their way, in money.

Read more in docs/maths.md.
"""
