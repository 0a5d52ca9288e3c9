"""Which model forecasts a product: a backtest of all of them, the choice, and rules if history is too short.

Read more in docs/maths.md.
"""
