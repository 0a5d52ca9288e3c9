"""Talk to Xero: sign-in, one call at a time, the wire format, and what may go wrong.

What comes in: an organisation's addresses and tokens. What goes out: raw pages and purchase orders, or one of the
errors of `xero_errors.py`. What does not belong here: deciding what to read (`landing`) or to send (`purchasing`).
Read more in docs/operations.md.
"""
