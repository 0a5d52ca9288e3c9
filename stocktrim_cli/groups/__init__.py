"""`stocktrim groups`: categories, brands, ranges and the like, by hand, by rule and from files.

Read more in docs/buyer/groups.md.
"""
