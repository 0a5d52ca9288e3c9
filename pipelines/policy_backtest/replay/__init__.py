"""What a backtest replays of a past: an organisation's tables, the rules of its orders, demand of days without stock.

What belongs here: from what is known of a past to what a policy meets. What does not: the simulation (`simulation.py`).
Read more in docs/maths.md.
"""
