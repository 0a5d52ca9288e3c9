"""Tables of the schema `plan`: what to order, and why.

Read more in docs/interfaces.md.
"""

from typing import Final

import polars as pl

from pipelines.storage.tables.declaration import INSTANT, MONEY, RATE, UNIT_PRICE, published_table, type_of

# fmt: off
_ORDER_PLAN: Final[dict[str, type_of]] = {
    "product_code": pl.String, "product_name": pl.String, "supplier_name": pl.String, "status": pl.String,
    "reason": pl.String, "horizon_days": pl.Int64, "horizon_demand": pl.Float64,
    "demand_before_arrival": pl.Float64, "demand_in_cover": pl.Float64, "safety_stock": pl.Float64,
    "stock_on_hand": pl.Float64, "stock_committed": pl.Float64, "assembly_requirement": pl.Float64,
    "stock_on_order_in_time": pl.Float64,
    "demand_lost_before_arrival": pl.Float64, "timing_adjustment": pl.Float64, "needed_quantity": pl.Float64,
    "quantity_after_minimum": pl.Float64, "quantity_after_batch": pl.Float64, "quantity_after_cap": pl.Float64,
    "quantity_after_supplier_minimum": pl.Float64, "quantity_after_budget": pl.Float64,
    "order_quantity": pl.Float64, "assembly_quantity": pl.Float64, "order_action": pl.String,
    "assemble_now_quantity": pl.Float64, "assembly_waits_for": pl.String,
    "binding_rule": pl.String, "reorder_point": pl.Float64, "order_up_to_level": pl.Float64,
    "level_kept": pl.Float64,
    "unit_cost": UNIT_PRICE, "order_unit_cost": UNIT_PRICE, "price_breaks": pl.String,
    "price_break_quantity": pl.Float64, "price_break_saving": MONEY, "currency": pl.String, "order_value": MONEY,
    "days_to_stock_out": pl.Int64,
    "order_by_date": pl.Date, "order_on_date": pl.Date, "next_order_date": pl.Date, "expected_arrival_date": pl.Date,
    "calendar_days_added": pl.Int64, "shut_from_date": pl.Date, "shut_until_date": pl.Date, "shut_days": pl.Int64,
    "overstock_quantity": pl.Float64, "overstock_value": MONEY,
    "overstock_holding_cost": MONEY, "understock_quantity": pl.Float64, "understock_value": MONEY,
    "short_without_order": pl.Float64, "understock_margin_lost": MONEY, "missing_price": pl.String,
    "stock_on_order": pl.Float64,
    "stock_on_order_after_cover": pl.Float64, "stock_on_order_late": pl.Float64, "stock_position": pl.Float64,
    "stock_value": MONEY, "lead_time_days": pl.Int64, "order_frequency_days": pl.Int64, "service_level": pl.Float64,
    "set_service_level": pl.Float64, "service_level_reason": pl.String,
    "minimum_order_quantity": pl.Float64, "batch_size": pl.Float64, "minimum_shelf_level": pl.Float64,
    "maximum_shelf_level": pl.Float64, "average_daily_demand": pl.Float64, "is_uncertain": pl.Boolean,
    "uncertain_cause": pl.String, "days_to_stock_out_soonest": pl.Int64, "shortage_chance_before_arrival": pl.Float64,
    "is_too_late_to_help": pl.Boolean, "manufacturing_time_days": pl.Int64, "forecast_period_days": pl.Int64,
    "expected_lead_time_days": pl.Int64, "lead_time_deviation_days": pl.Float64, "product_receipts": pl.Int64,
    "supplier_receipts": pl.Int64, "lead_time_origin": pl.String, "lead_time_rule": pl.String,
    "observed_lead_time_days": pl.Float64,
    "demand_class": pl.String, "model": pl.String, "last_sale_date": pl.Date,
    "last_purchase_date": pl.Date, "supplier_id": pl.String, "currency_rate": RATE, "as_of_date": pl.Date,
    "plan_id": pl.String,
}
ORDER_PLAN = published_table(
    "plan", "order_plan", "One row per active product: a quantity, or one reason for none.", **_ORDER_PLAN,
)
PLAN_HISTORY = published_table(
    "plan", "plan_history", "One row per product and plan, of every plan.", **_ORDER_PLAN, planned_at=INSTANT,
)
PLAN_SUMMARY = published_table(
    "plan", "plan_summary", "One row per plan, of every plan; money in the organisation's base currency.",
    plan_id=pl.String, as_of_date=pl.Date, planned_at=INSTANT, data_loaded_at=INSTANT, is_stale=pl.Boolean,
    currency=pl.String, products=pl.Int64, products_to_order=pl.Int64, order_value=MONEY,
    products_understocked=pl.Int64, understock_quantity=pl.Float64, understock_value=MONEY,
    understock_margin_lost=MONEY,
    products_overstocked=pl.Int64, overstock_quantity=pl.Float64, overstock_value=MONEY, overstock_holding_cost=MONEY,
    products_out_of_stock=pl.Int64, out_of_stock_value=MONEY, late_orders=pl.Int64,
    late_on_order_quantity=pl.Float64, late_on_order_value=MONEY, stock_value=MONEY, products_without_rate=pl.Int64,
    products_without_cost=pl.Int64, products_without_price=pl.Int64, lead_times_to_review=pl.Int64,
    orders_waiting=pl.Int64, spend_cap=MONEY, kept_value=MONEY, products_left_out=pl.Int64, left_out_value=MONEY,
    left_out_margin_lost=MONEY,
    inputs_hash=pl.String, code_version=pl.String,
)
KPI_DAILY = published_table(
    "plan", "kpi_daily", "One row per day with a plan: the totals of the day's last plan.",
    as_of_date=pl.Date, currency=pl.String, stock_quantity=pl.Float64, stock_value=MONEY,
    products_to_order=pl.Int64, order_value=MONEY, products_understocked=pl.Int64, understock_quantity=pl.Float64,
    understock_value=MONEY, understock_margin_lost=MONEY, products_overstocked=pl.Int64,
    overstock_quantity=pl.Float64, overstock_value=MONEY, overstock_holding_cost=MONEY,
    out_of_stock_quantity=pl.Float64, out_of_stock_value=MONEY, late_on_order_quantity=pl.Float64,
    late_on_order_value=MONEY, plan_id=pl.String, planned_at=INSTANT,
)
GROUP_TOTALS = published_table(
    "plan", "group_totals",
    "One row per group with a product in the plan, and one for products without a group; money in base currency.",
    group_id=pl.String, group_kind=pl.String, group_name=pl.String, group_order=pl.Int64, currency=pl.String,
    products=pl.Int64, products_to_order=pl.Int64, order_value=MONEY, products_understocked=pl.Int64,
    understock_value=MONEY, understock_margin_lost=MONEY, products_overstocked=pl.Int64, overstock_value=MONEY,
    overstock_holding_cost=MONEY, products_out_of_stock=pl.Int64, stock_value=MONEY, products_without_rate=pl.Int64,
    as_of_date=pl.Date, plan_id=pl.String,
)
LEAD_TIME_ADVICE = published_table(
    "plan", "lead_time_advice",
    "One row per product whose receipts contradict the lead time that a person set.",
    product_code=pl.String, product_name=pl.String, supplier_id=pl.String, supplier_name=pl.String,
    set_lead_time_days=pl.Int64, set_level=pl.String, observed_lead_time_days=pl.Int64,
    observed_low_days=pl.Float64, observed_high_days=pl.Float64, receipts=pl.Int64, receipts_of=pl.String,
    order_up_to_level=pl.Float64, level_change_quantity=pl.Float64, level_change_value=MONEY,
    stock_change_quantity=pl.Float64, stock_change_value=MONEY, currency=pl.String, plan_id=pl.String,
)
OPEN_ORDER_ADVICE = published_table(
    "plan", "open_order_advice",
    "One row per open purchase order line and product that it counts for: what to do about it; money in base currency.",
    purchase_order_number=pl.String, line_number=pl.Int32, product_code=pl.String, product_name=pl.String,
    supplier_id=pl.String, supplier_name=pl.String, advice=pl.String, quantity=pl.Float64,
    advised_quantity=pl.Float64, money_at_stake=MONEY, currency=pl.String, from_date=pl.Date, to_date=pl.Date,
    sentence=pl.String, status=pl.String, rule=pl.String, order_date=pl.Date, ordered_product_code=pl.String,
    purchase_order_id=pl.String, xero_link=pl.String, as_of_date=pl.Date, plan_id=pl.String,
)
SUPPLIER_ORDERS = published_table(
    "plan", "supplier_orders",
    "One row per supplier and currency with an order: kept drafts, its minimum, what the spend cap leaves.",
    supplier_id=pl.String, supplier_name=pl.String, currency=pl.String, lines=pl.Int64, natural_value=MONEY,
    kept_lines=pl.Int64, kept_value=MONEY, kept_orders=pl.String,
    minimum_order_value=MONEY, below_minimum=pl.String, decision=pl.String, value_after_minimum=MONEY,
    adding_products=pl.Int64, adding_units=pl.Float64, adding_value=MONEY, adding_holding_cost=MONEY,
    adding_margin_saved=MONEY, adding_cost=MONEY, wait_until_date=pl.Date, waiting_units_short=pl.Float64,
    waiting_margin_lost=MONEY, waiting_holding_saved=MONEY, waiting_cost=MONEY,
    left_out_lines=pl.Int64, left_out_units=pl.Float64, left_out_value=MONEY, left_out_margin_lost=MONEY,
    order_value=MONEY, spend_cap=MONEY, currency_rate=RATE, as_of_date=pl.Date, plan_id=pl.String,
)
ORDER_ADJUSTMENTS = published_table(
    "plan", "order_adjustments",
    "One row per product and cause whose quantity a kept draft, a minimum or the spend cap changed, with its risk.",
    product_code=pl.String, product_name=pl.String, supplier_name=pl.String, cause=pl.String,
    quantity_before=pl.Float64, quantity_after=pl.Float64, value_change=MONEY, units_short=pl.Float64,
    margin_lost=MONEY, holding_cost=MONEY, is_margin_estimated=pl.Boolean, currency=pl.String,
    supplier_id=pl.String, currency_rate=RATE, as_of_date=pl.Date, plan_id=pl.String,
)
SUPPLIER_ALTERNATIVES = published_table(
    "plan", "supplier_alternatives",
    "One row per planned product and other supplier of it: the same order there; money in base currency.",
    product_code=pl.String, product_name=pl.String, supplier_id=pl.String, supplier_name=pl.String,
    other_supplier_id=pl.String, other_supplier_name=pl.String, advice=pl.String, money_saved=MONEY,
    price_saving=MONEY, shortage_avoided_quantity=pl.Float64, shortage_avoided_value=MONEY, order_cost=MONEY,
    currency=pl.String, order_quantity=pl.Float64, other_quantity=pl.Float64, unit_cost_in_base=UNIT_PRICE,
    other_unit_cost_in_base=UNIT_PRICE, lead_time_days=pl.Int64, other_lead_time_days=pl.Int64,
    expected_arrival_date=pl.Date, other_arrival_date=pl.Date, days_sooner=pl.Int64,
    other_minimum_order_quantity=pl.Float64, minimum_order_value=MONEY, is_below_minimum=pl.Boolean,
    last_purchase_date=pl.Date, plan_id=pl.String,
)
EXCEPTIONS = published_table(
    "plan", "exceptions", "One row per exception, snoozed and dismissed ones too; money in base currency.",
    exception_id=pl.String, kind=pl.String, severity=pl.String, state=pl.String, subject_kind=pl.String,
    subject_id=pl.String, product_code=pl.String, product_name=pl.String, supplier_id=pl.String,
    supplier_name=pl.String, document_number=pl.String, quantity=pl.Float64, money_at_stake=MONEY,
    currency=pl.String, sentence=pl.String, what_to_do=pl.String, since_date=pl.Date, snoozed_until=pl.Date,
    snoozed_by=pl.String, snooze_reason=pl.String, xero_link=pl.String, as_of_date=pl.Date, plan_id=pl.String,
)
EXCEPTION_HISTORY = published_table(
    "plan", "exception_history",
    "One row per exception and time that it was open, of the last 400 days; money in base currency.",
    exception_id=pl.String, kind=pl.String, severity=pl.String, subject_kind=pl.String, product_code=pl.String,
    supplier_name=pl.String, document_number=pl.String, opened_date=pl.Date, solved_date=pl.Date,
    money_at_opening=MONEY, money_at_stake=MONEY, currency=pl.String,
)
