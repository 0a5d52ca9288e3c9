"""Sign-in at Xero: the address to open, the callback, tokens and their scopes.

Read more in docs/connecting.md.
"""
