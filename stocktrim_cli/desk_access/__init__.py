"""`stocktrim planner people` and `stocktrim planner tokens`: who may use the desk.

Read more in docs/desk.md.
"""
