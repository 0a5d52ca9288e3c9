"""The order decision: stock projected along demand paths to an arrival, and the least order that is enough.

Read more in docs/maths.md.
"""
