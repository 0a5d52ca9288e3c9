"""Marts → forecast: the distribution of demand over each product's protection interval. Pure: frames in, frames out.

The protection interval (also: risk period) is lead time plus review period. An order placed today must last for these
days: the next order arrives only after them. Tables and parameters call its length `horizon_days`.
What comes in: daily demand, and each product's lead time and order frequency (the review period). What goes out:
quantiles of cumulative demand over the interval, a weekly path, and the model that was chosen with the reason.
What does not belong here: stock, orders, any clock, file or database.
Read more in docs/maths.md.
"""
