"""Which model forecasts a product: a backtest of all models, the choice, and fallback rules for a short history.

Read more in docs/maths.md#model-selection.
"""
