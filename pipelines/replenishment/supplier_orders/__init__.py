"""Orders of a supplier as a whole, in money: the supplier's minimum, and the spend cap over all orders.

Read more in docs/maths.md.
"""
