"""Xero's identity server: consent, tokens, rotation and expiry.

Read more in docs/sandbox.md.
"""
