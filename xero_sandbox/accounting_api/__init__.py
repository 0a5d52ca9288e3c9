"""Xero's Accounting API: lists and their filters, and what callers write.

Read more in docs/sandbox.md.
"""
