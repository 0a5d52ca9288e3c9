"""Tables of the schema `forecast`: the distribution of demand.

Read more in docs/interfaces.md.
"""

import polars as pl

from pipelines.storage.tables.declaration import INSTANT, published_table

# fmt: off
MODEL_CHOICE = published_table(
    "forecast", "model_choice", "One row per product with a forecast.",
    product_code=pl.String, demand_class=pl.String, model=pl.String, score=pl.Float64, floor_score=pl.Float64,
    origins=pl.Int64, reason=pl.String,
)
MODEL_SCORES = published_table(
    "forecast", "model_scores", "One row per demand pattern and model: what the model cost in the backtest.",
    demand_class=pl.String, model=pl.String, is_chosen=pl.Boolean, score=pl.Float64, floor_score=pl.Float64,
    margin=pl.Float64, margin_error=pl.Float64, origins=pl.Int64, forecasts=pl.Int64, judged_as=pl.String,
    reason=pl.String, chosen_on=pl.Date,
)
FORECAST_CALIBRATION = published_table(
    "forecast", "forecast_calibration", "One row per demand pattern and probability: the calibration of the forecasts.",
    demand_class=pl.String, model=pl.String, probability=pl.Float64, forecasts=pl.Int64, share_below=pl.Float64,
    share_at_or_below=pl.Float64,
)
DEMAND_FORECAST = published_table(
    "forecast", "demand_forecast", "One row per product and week ahead.",
    product_code=pl.String, period_start_date=pl.Date, model=pl.String, quantity=pl.Float64,
    quantity_low=pl.Float64, quantity_high=pl.Float64,
)
DEMAND_QUANTILES = published_table(
    "forecast", "demand_quantiles", "One row per product, protection interval and probability.",
    product_code=pl.String, horizon_days=pl.Int64, probability=pl.Float64, quantity=pl.Float64,
    quantity_in_cover=pl.Float64,
)
DEMAND_HORIZONS = published_table(
    "forecast", "demand_horizons", "One row per product: expected demand before arrival and after it.",
    product_code=pl.String, horizon_days=pl.Int64, lead_time_days=pl.Int64,
    demand_before_arrival=pl.Float64, demand_in_cover=pl.Float64, history_weeks=pl.Int64,
    is_sold_whole=pl.Boolean, weekly_variance=pl.Float64,
)
ONE_OFF_ORDERS = published_table(
    "forecast", "one_off_orders", "One row per product and day with a one-off order.",
    product_code=pl.String, demand_date=pl.Date, quantity=pl.Float64, usual_quantity=pl.Float64, times_usual=pl.Float64,
    invoice_number=pl.String, sold_as=pl.String, invoice_quantity=pl.Float64, customer_name=pl.String, answer=pl.String,
)
ANSWERED_ONE_OFFS = published_table(
    "forecast", "answered_one_offs",
    "One row per invoice and product of which a person said whether it is a one-off order, with what that does.",
    product_code=pl.String, invoice_number=pl.String, demand_date=pl.Date, quantity=pl.Float64, answer=pl.String,
    answered_by=pl.String, answered_at=INSTANT, reason=pl.String, effect=pl.String, invoice_id=pl.String,
)
PRODUCT_EVENTS = published_table(
    "forecast", "product_events", "One row per event and product whose demand it changes.",
    product_code=pl.String, name=pl.String, from_date=pl.Date, until_date=pl.Date, factor=pl.Float64,
    event_factor=pl.Float64,
)
EVENT_RESULTS = published_table(
    "forecast", "event_results", "One row per event: what was expected of it, and what it sold.",
    name=pl.String, from_date=pl.Date, until_date=pl.Date, factor=pl.Float64, applies_to=pl.String, products=pl.Int64,
    state=pl.String, sold_quantity=pl.Float64, usual_quantity=pl.Float64, observed_factor=pl.Float64,
    is_far_off=pl.Boolean, remark=pl.String, changed_by=pl.String, changed_at=INSTANT, reason=pl.String,
)
