"""Forecast → plan: how much of each product to order, why, and the sums of the plan. Pure: frames in, frames out.

What belongs here: lead times, the order decision, its limits, reasons, the bridge, the summary.
What does not: demand itself (`forecasting`), orders (`purchasing`), any clock, file or database.
Read more in docs/maths.md.
"""
