"""A year of weekly reviews: the sandbox is the world, the real commands load, plan, approve and send.

What belongs here: the world's demand and deliveries, the buyer, the checks, the weeks as a table.
What does not: rules of planning; the planner that is looked at is the installed one.
"""
