"""The order plan: every product with its order or the reason for none, its limits, status and sums.

Read more in docs/maths.md.
"""
