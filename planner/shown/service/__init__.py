"""Service and money on a screen: what was kept in stock, what it costs, how far forecasts held.

What belongs here: sums over what is published. What does not: the backtest itself (`pipelines.policy_backtest`).
"""
