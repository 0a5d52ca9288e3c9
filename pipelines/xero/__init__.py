"""The client of Xero: sign-in, single calls, the wire format, and its errors.

What comes in: an organisation's addresses and tokens. What goes out: raw pages and purchase orders, or an error
of `xero_errors.py`. What does not belong here: deciding what to read (`landing`) or to send (`purchasing`).
Read more in docs/operations.md.
"""
