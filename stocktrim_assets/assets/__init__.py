"""The assets, one file a stage, in the order in which the data flows: raw, marts, forecast, plan, purchase_orders.

What belongs here: reading, one pure function, writing, counts. What does not: anything longer than that.
Read more in docs/operations.md.
"""
