"""How Xero behaves on a bad day: limits, faults, idempotency keys, and people who edit meanwhile.

Read more in docs/sandbox.md.
"""
