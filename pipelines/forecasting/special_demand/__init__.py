"""Demand that a person knows more about than history shows: one-off orders, events, products like another one.

Read more in docs/maths.md#special-demand.
"""
