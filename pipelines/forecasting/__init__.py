"""Marts → forecast: how likely each demand is, over the days that an order must cover. Pure: frames in, frames out.

What comes in: daily demand, and for each product its lead time and order frequency. What goes out: quantiles of its
*cumulative* demand over that horizon, the weekly path for the eye, the model that was chosen and why.
What does not belong here: stock, orders, any clock, file or database.
Read more in docs/maths.md.
"""
