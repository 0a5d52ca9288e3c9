"""Organisations made up from a seed, of any size, or imported from a file of sales.

Read more in docs/sandbox.md.
"""
