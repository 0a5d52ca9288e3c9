"""Signing in at Xero: the consent page, the callback, tokens and their scopes.

Read more in docs/connecting.md.
"""
