"""One file a change of the store's tables, in order.

What belongs here: changes that were released, never edited afterwards. Read more in docs/operations.md.
"""
