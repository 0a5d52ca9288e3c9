"""Exceptions: what needs a person, of the plan, of open orders and of Xero's data, each with its money at stake.

Read more in docs/buyer/exceptions.md.
"""
