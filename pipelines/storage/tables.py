"""The tables that Python writes or reads, each declared once: stage, name, grain and polars schema.

What belongs here: the shape of tables that Python writes, or reads of dbt's marts.
What does not: how a table is filled, and the descriptions of its columns. These are in dbt's YAML, as sources for
Python's tables and as models for the marts; a test compares both with this file.
Read more in docs/interfaces.md (what is published) and docs/naming.md (how columns are named).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import polars as pl

type_of = pl.DataType | type[pl.DataType]

QUANTITY: Final = pl.Decimal(18, 4)
UNIT_PRICE: Final = pl.Decimal(18, 4)
MONEY: Final = pl.Decimal(18, 2)
RATE: Final = pl.Decimal(18, 6)
# A larger amount is a slip; dbt's macro `money` has the same limit, and a test compares them.
MOST_MONEY: Final = 1e15
INSTANT: Final = pl.Datetime("us", "UTC")


@dataclass(frozen=True, eq=False)
class Table:
    """A table: its stage (= DuckDB schema), its name, what a row is, and its columns in order."""

    stage: str
    name: str
    grain: str
    columns: Mapping[str, type_of]
    is_published: bool = False

    @property
    def path(self) -> str:
        """The name to use in SQL, such as `marts.products`."""
        return f"{self.stage}.{self.name}"

    @property
    def schema(self) -> pl.Schema:
        """The polars schema, to build and check frames."""
        return pl.Schema(self.columns)


def _table(stage: str, name: str, grain: str, /, **columns: type_of) -> Table:
    return Table(stage, name, grain, MappingProxyType(columns))


def _published(stage: str, name: str, grain: str, /, **columns: type_of) -> Table:
    return Table(stage, name, grain, MappingProxyType(columns), is_published=True)


# fmt: off
_DOCUMENT_LINE: Final[dict[str, type_of]] = {
    "line_number": pl.Int32, "line_item_id": pl.String, "item_id": pl.String, "item_code": pl.String,
    "description": pl.String, "quantity": QUANTITY, "unit_amount": UNIT_PRICE, "line_amount": MONEY,
    "discount_rate": RATE, "discount_amount": UNIT_PRICE, "tax_amount": MONEY,
}

# raw: what Xero gave us and what people decided, untouched but typed
XERO_ORGANISATION = _table(
    "raw", "xero_organisation", "One row: the organisation that this warehouse belongs to.",
    organisation_id=pl.String, name=pl.String, base_currency=pl.String, time_zone=pl.String, country_code=pl.String,
    is_demo_company=pl.Boolean, short_code=pl.String,
)
XERO_ITEMS = _table(
    "raw", "xero_items", "One row per item in Xero.",
    item_id=pl.String, code=pl.String, name=pl.String, description=pl.String, is_sold=pl.Boolean,
    is_purchased=pl.Boolean, is_tracked_as_inventory=pl.Boolean, quantity_on_hand=QUANTITY,
    quantity_on_back_order=QUANTITY, total_cost_pool=MONEY, purchase_unit_price=UNIT_PRICE,
    sales_unit_price=UNIT_PRICE, updated_at=INSTANT,
)
XERO_CONTACTS = _table(
    "raw", "xero_contacts", "One row per contact in Xero, archived ones included.",
    contact_id=pl.String, name=pl.String, contact_status=pl.String, account_number=pl.String,
    email_address=pl.String, default_currency=pl.String, merged_to_contact_id=pl.String, updated_at=INSTANT,
)
XERO_INVOICES = _table(
    "raw", "xero_invoices", "One row per sales invoice (ACCREC) or bill (ACCPAY) in Xero, voided ones included.",
    invoice_id=pl.String, type=pl.String, invoice_number=pl.String, reference=pl.String, status=pl.String,
    contact_id=pl.String, contact_name=pl.String, invoice_date=pl.Date, due_date=pl.Date, currency_code=pl.String,
    currency_rate=RATE, total=MONEY, line_amount_types=pl.String, updated_at=INSTANT,
)
XERO_INVOICE_LINES = _table(
    "raw", "xero_invoice_lines", "One row per line of an invoice or bill.",
    invoice_id=pl.String, **_DOCUMENT_LINE,
)
XERO_CREDIT_NOTES = _table(
    "raw", "xero_credit_notes", "One row per sales (ACCRECCREDIT) or supplier (ACCPAYCREDIT) credit note in Xero.",
    credit_note_id=pl.String, type=pl.String, credit_note_number=pl.String, reference=pl.String, status=pl.String,
    contact_id=pl.String, contact_name=pl.String, credit_note_date=pl.Date, currency_code=pl.String,
    currency_rate=RATE, total=MONEY, line_amount_types=pl.String, updated_at=INSTANT,
)
XERO_CREDIT_NOTE_LINES = _table(
    "raw", "xero_credit_note_lines", "One row per line of a credit note.",
    credit_note_id=pl.String, **_DOCUMENT_LINE,
)
XERO_PURCHASE_ORDERS = _table(
    "raw", "xero_purchase_orders", "One row per purchase order in Xero, deleted ones included.",
    purchase_order_id=pl.String, purchase_order_number=pl.String, reference=pl.String, status=pl.String,
    contact_id=pl.String, contact_name=pl.String, order_date=pl.Date, delivery_date=pl.Date,
    expected_arrival_date=pl.Date, currency_code=pl.String, currency_rate=RATE, total=MONEY,
    line_amount_types=pl.String, updated_at=INSTANT,
)
XERO_PURCHASE_ORDER_LINES = _table(
    "raw", "xero_purchase_order_lines", "One row per line of a purchase order.",
    purchase_order_id=pl.String, **_DOCUMENT_LINE,
)
ENTITY_LOADS = _table(
    "raw", "entity_loads", "One row per entity: when its last complete load began, by Xero's clock.",
    entity=pl.String, loaded_at=INSTANT,
)
QUARANTINED_RECORDS = _table(
    "raw", "quarantined_records", "One row per record of Xero that cannot be read.",
    list=pl.String, record_id=pl.String, document_type=pl.String, document_number=pl.String, name=pl.String,
    status=pl.String, total=MONEY, currency_code=pl.String, currency_rate=RATE, updated_at=INSTANT, reason=pl.String,
    body=pl.String, version=pl.String, load_id=pl.String,
)
LOADS = _table(
    "raw", "loads", "One row per load, list in Xero and way in which it was read.",
    load_id=pl.String, loaded_at=INSTANT, organisation_date=pl.Date, list=pl.String, kind=pl.String,
    records=pl.Int64, calls=pl.Int64, megabytes=pl.Float64, quarantined=pl.Int64, day_calls_left=pl.Int64,
    is_quiescent=pl.Boolean,
)
PLANNING_SETTINGS = _table(
    "raw", "planning_settings", "One row per setting in force and level at which a person set it.",
    level=pl.String, subject=pl.String, name=pl.String, value=pl.String, changed_by=pl.String, changed_at=INSTANT,
)
SETTINGS_WITHOUT_SUBJECT = _table(
    "raw", "settings_without_subject", "One row per setting of a product that Xero no longer has, by its former code.",
    level=pl.String, subject=pl.String, name=pl.String, value=pl.String, changed_by=pl.String, changed_at=INSTANT,
)
FORMER_PRODUCTS = _table(
    "raw", "former_products", "One row per former id or code of an item: the product that it names.",
    item_id=pl.String, item_code=pl.String, product_code=pl.String,
)
DEMAND_TRANSFERS = _table(
    "raw", "demand_transfers",
    "One row per product whose demand counts for other products, and each of these, after all successors and bundles.",
    product_code=pl.String, to_product=pl.String, units=pl.Float64,
)
EXCEPTION_DECISIONS = _table(
    "raw", "exception_decisions", "One row per exception that is dismissed.",
    problem=pl.String, record_id=pl.String, version=pl.String, decision=pl.String, decided_by=pl.String,
    decided_at=INSTANT, reason=pl.String,
)
LEDGER_ORDER_LINES = _table(
    "raw", "ledger_order_lines", "One row per line of an order approved here, sent or not.",
    order_id=pl.String, purchase_order_number=pl.String, state=pl.String, supplier_id=pl.String,
    supplier_name=pl.String, approved_date=pl.Date, expected_arrival_date=pl.Date, order_arrival_date=pl.Date,
    line_number=pl.Int32, product_code=pl.String, quantity=QUANTITY, unit_cost=UNIT_PRICE, currency=pl.String,
    reference=pl.String, purchase_order_id=pl.String, sent_at=INSTANT, failure=pl.String,
)
AS_OF = _table(
    "raw", "as_of", "One row: the organisation's calendar day on which this run decides.",
    as_of_date=pl.Date,
)

# marts: written by dbt, read by Python and by people
PRODUCTS = _published(
    "marts", "products", "One row per product: every item of Xero, tracked or not.",
    product_id=pl.String, product_code=pl.String, product_name=pl.String, is_tracked=pl.Boolean,
    is_discontinued=pl.Boolean, is_unstocked=pl.Boolean, supplier_id=pl.String, supplier_name=pl.String,
    supplier_source=pl.String, unit_cost=UNIT_PRICE, unit_cost_source=pl.String, currency=pl.String,
    currency_rate=RATE, sales_unit_price=UNIT_PRICE, first_sale_date=pl.Date, last_sale_date=pl.Date,
    last_purchase_date=pl.Date,
)
SUPPLIERS = _published(
    "marts", "suppliers", "One row per supplier: a contact that goods were ordered or billed from, or a preferred one.",
    supplier_id=pl.String, supplier_name=pl.String, currency=pl.String, is_archived=pl.Boolean,
    products=pl.Int64, last_order_date=pl.Date,
)
DEMAND_DAILY = _published(
    "marts", "demand_daily", "One row per product and day on which it was sold, net of credit notes, or out of stock.",
    product_code=pl.String, demand_date=pl.Date, quantity=pl.Float64, is_stocked_out=pl.Boolean,
)
DEMAND_TRANSACTIONS = _published(
    "marts", "demand_transactions", "One row per sales invoice line that counts as demand.",
    product_code=pl.String, demand_date=pl.Date, invoice_number=pl.String, line_number=pl.Int32, status=pl.String,
    customer_id=pl.String, customer_name=pl.String, sold_quantity=pl.Float64, credited_quantity=pl.Float64,
    quantity=pl.Float64, unit_price=UNIT_PRICE, currency=pl.String, invoice_id=pl.String, xero_link=pl.String,
)
SALES_MONTHLY = _published(
    "marts", "sales_monthly", "One row per product and month with sales or credit notes: our total beside Xero's.",
    product_code=pl.String, month=pl.Date, demand_quantity=pl.Float64, sold_quantity=pl.Float64,
    xero_invoiced_quantity=pl.Float64, xero_voided_quantity=pl.Float64, xero_credited_quantity=pl.Float64,
    difference=pl.Float64,
)
SALES_DIFFERENCES = _published(
    "marts", "sales_differences", "One row per sales line and reason for which our total differs from Xero's.",
    product_code=pl.String, month=pl.Date, reason=pl.String, demand_date=pl.Date, invoice_number=pl.String,
    line_number=pl.Int32, status=pl.String, customer_name=pl.String, quantity=pl.Float64, our_quantity=pl.Float64,
    xero_quantity=pl.Float64, difference=pl.Float64, credit_note_number=pl.String, credit_note_date=pl.Date,
    invoice_id=pl.String, credit_note_id=pl.String, xero_link=pl.String,
)
STOCK_POSITION = _published(
    "marts", "stock_position", "One row per product.",
    product_code=pl.String, stock_on_hand=pl.Float64, stock_committed=pl.Float64, stock_on_order=pl.Float64,
    stock_position=pl.Float64, committed_unapproved_sales=pl.Float64, committed_back_orders=pl.Float64,
    on_order_in_xero=pl.Float64, on_order_approved_not_sent=pl.Float64,
)
STOCK_ON_ORDER = _published(
    "marts", "stock_on_order", "One row per open purchase order line and product that it counts for, counted or not.",
    purchase_order_number=pl.String, product_code=pl.String, quantity=pl.Float64,
    expected_arrival_date=pl.Date, is_counted=pl.Boolean, rule=pl.String, line_number=pl.Int32, status=pl.String,
    supplier_id=pl.String, supplier_name=pl.String, order_date=pl.Date, delivery_date=pl.Date, value=MONEY,
    currency=pl.String, currency_rate=RATE, ordered_quantity=pl.Float64, billed_quantity=pl.Float64,
    exception=pl.String, ordered_product_code=pl.String,
)
STOCK_DAILY = _published(
    "marts", "stock_daily", "One row per tracked product and day on which its stock moved.",
    product_code=pl.String, stock_date=pl.Date, until_date=pl.Date, quantity_in=pl.Float64, quantity_out=pl.Float64,
    stock_on_hand=pl.Float64, days_out=pl.Int32,
)
PURCHASE_RECEIPTS = _published(
    "marts", "purchase_receipts", "One row per purchase order line and bill line that delivered some of it.",
    purchase_order_number=pl.String, line_number=pl.Int32, product_code=pl.String, supplier_id=pl.String,
    order_date=pl.Date, promised_date=pl.Date, received_date=pl.Date, quantity=pl.Float64, lead_time_days=pl.Int32,
    days_late=pl.Int32, confidence=pl.String, order_status=pl.String, bill_number=pl.String,
    purchase_order_id=pl.String, bill_id=pl.String, bill_line_number=pl.Int32, is_evidence=pl.Boolean,
    no_evidence_reason=pl.String,
)
SUPPLIER_LEAD_TIMES = _published(
    "marts", "supplier_lead_times", "One row per supplier that delivered an order in the last two years.",
    supplier_id=pl.String, supplier_name=pl.String, receipts=pl.Int64, exact_receipts=pl.Int64, orders=pl.Int64,
    median_lead_time_days=pl.Float64, p90_lead_time_days=pl.Float64, promised_receipts=pl.Int64,
    late_receipts=pl.Int64, median_days_late=pl.Float64, p90_days_late=pl.Float64, last_received_date=pl.Date,
)
SUPPLIER_SPEND_WEEKLY = _published(
    "marts", "supplier_spend_weekly",
    "One row per supplier and week in which goods were ordered from it or billed by it, in base currency.",
    supplier_id=pl.String, supplier_name=pl.String, week_start_date=pl.Date, ordered_amount=MONEY,
    billed_amount=MONEY, currency_code=pl.String,
)
XERO_READINESS = _published(
    "marts", "xero_readiness", "One row per problem of Xero's data and record that has it.",
    problem=pl.String, record_id=pl.String, product_code=pl.String, document_number=pl.String, name=pl.String,
    occurrences=pl.Int64, quantity=pl.Float64, amount=MONEY, currency=pl.String, age_days=pl.Int64, effect=pl.String,
    what_to_do=pl.String, xero_link=pl.String, version=pl.String, is_dismissed=pl.Boolean, dismissed_by=pl.String,
    dismissed_reason=pl.String,
)
DATA_FRESHNESS = _published(
    "marts", "data_freshness", "One row: the organisation, the day that the data describe, and when they were loaded.",
    organisation_name=pl.String, base_currency=pl.String, time_zone=pl.String,
    is_demo_company=pl.Boolean, as_of_date=pl.Date, loaded_at=INSTANT,
)

# parameters: what products are planned with, made once for forecast and plan
PLAN_SETTINGS = _published(
    "parameters", "plan_settings", "One row per product and setting: the value in force and the level it comes from.",
    product_code=pl.String, name=pl.String, value=pl.String, origin=pl.String,
)
LEAD_TIMES = _published(
    "parameters", "lead_times", "One row per product and possible lead time.",
    product_code=pl.String, lead_time_days=pl.Int64, weight=pl.Float64,
)
LEAD_TIME_ESTIMATES = _table(
    "parameters", "lead_time_estimates", "One row per product: its estimated lead time, and the receipts that show it.",
    product_code=pl.String, expected_lead_time_days=pl.Int64, lead_time_deviation_days=pl.Float64,
    product_receipts=pl.Int64, supplier_receipts=pl.Int64, observed_lead_time_days=pl.Float64,
    observed_low_days=pl.Float64, observed_high_days=pl.Float64, receipts=pl.Int64, receipts_of=pl.String,
)
PROTECTION_INTERVALS = _table(
    "parameters", "protection_intervals",
    "One row per product and possible lead time: when an order of today arrives, and how long it must last.",
    product_code=pl.String, arrival_day=pl.Int64, horizon_days=pl.Int64, weight=pl.Float64,
)

# forecast: the distribution of demand
MODEL_CHOICE = _published(
    "forecast", "model_choice", "One row per product with a forecast.",
    product_code=pl.String, demand_class=pl.String, model=pl.String, score=pl.Float64, floor_score=pl.Float64,
    origins=pl.Int64, reason=pl.String,
)
MODEL_SCORES = _published(
    "forecast", "model_scores", "One row per demand pattern and model: what the model cost in the backtest.",
    demand_class=pl.String, model=pl.String, is_chosen=pl.Boolean, score=pl.Float64, floor_score=pl.Float64,
    margin=pl.Float64, margin_error=pl.Float64, origins=pl.Int64, forecasts=pl.Int64, judged_as=pl.String,
    reason=pl.String, chosen_on=pl.Date,
)
FORECAST_CALIBRATION = _published(
    "forecast", "forecast_calibration", "One row per demand pattern and probability: the calibration of the forecasts.",
    demand_class=pl.String, model=pl.String, probability=pl.Float64, forecasts=pl.Int64, share_below=pl.Float64,
    share_at_or_below=pl.Float64,
)
DEMAND_FORECAST = _published(
    "forecast", "demand_forecast", "One row per product and week ahead.",
    product_code=pl.String, period_start_date=pl.Date, model=pl.String, quantity=pl.Float64,
    quantity_low=pl.Float64, quantity_high=pl.Float64,
)
DEMAND_QUANTILES = _published(
    "forecast", "demand_quantiles", "One row per product, protection interval and probability.",
    product_code=pl.String, horizon_days=pl.Int64, probability=pl.Float64, quantity=pl.Float64,
    quantity_in_cover=pl.Float64,
)
DEMAND_HORIZONS = _published(
    "forecast", "demand_horizons", "One row per product: expected demand before arrival and after it.",
    product_code=pl.String, horizon_days=pl.Int64, lead_time_days=pl.Int64,
    demand_before_arrival=pl.Float64, demand_in_cover=pl.Float64, history_weeks=pl.Int64,
    weekly_variance=pl.Float64,
)
ONE_OFF_ORDERS = _published(
    "forecast", "one_off_orders", "One row per product and day with a one-off order.",
    product_code=pl.String, demand_date=pl.Date, quantity=pl.Float64, usual_quantity=pl.Float64, times_usual=pl.Float64,
)

# plan: what to order, and why
_ORDER_PLAN: Final[dict[str, type_of]] = {
    "product_code": pl.String, "product_name": pl.String, "supplier_name": pl.String, "status": pl.String,
    "reason": pl.String, "horizon_days": pl.Int64, "horizon_demand": pl.Float64,
    "demand_before_arrival": pl.Float64, "demand_in_cover": pl.Float64, "safety_stock": pl.Float64,
    "stock_on_hand": pl.Float64, "stock_committed": pl.Float64, "stock_on_order_in_time": pl.Float64,
    "demand_lost_before_arrival": pl.Float64, "timing_adjustment": pl.Float64, "needed_quantity": pl.Float64,
    "quantity_after_minimum": pl.Float64, "quantity_after_batch": pl.Float64, "quantity_after_cap": pl.Float64,
    "order_quantity": pl.Float64,
    "binding_rule": pl.String, "reorder_point": pl.Float64, "order_up_to_level": pl.Float64,
    "unit_cost": UNIT_PRICE, "currency": pl.String, "order_value": MONEY, "days_to_stock_out": pl.Int64,
    "order_by_date": pl.Date, "overstock_quantity": pl.Float64, "overstock_value": MONEY,
    "overstock_holding_cost": MONEY, "understock_quantity": pl.Float64, "understock_value": MONEY,
    "short_without_order": pl.Float64, "understock_margin_lost": MONEY, "missing_price": pl.String,
    "stock_on_order": pl.Float64,
    "stock_on_order_after_cover": pl.Float64, "stock_on_order_late": pl.Float64, "stock_position": pl.Float64,
    "stock_value": MONEY, "lead_time_days": pl.Int64, "order_frequency_days": pl.Int64, "service_level": pl.Float64,
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
ORDER_PLAN = _published(
    "plan", "order_plan", "One row per active product: a quantity, or one reason for none.", **_ORDER_PLAN,
)
PLAN_HISTORY = _published(
    "plan", "plan_history", "One row per product and plan, of every plan.", **_ORDER_PLAN, planned_at=INSTANT,
)
PLAN_SUMMARY = _published(
    "plan", "plan_summary", "One row per plan, of every plan; money in the organisation's base currency.",
    plan_id=pl.String, as_of_date=pl.Date, planned_at=INSTANT, data_loaded_at=INSTANT, is_stale=pl.Boolean,
    currency=pl.String, products=pl.Int64, products_to_order=pl.Int64, order_value=MONEY,
    products_understocked=pl.Int64, understock_quantity=pl.Float64, understock_value=MONEY,
    understock_margin_lost=MONEY,
    products_overstocked=pl.Int64, overstock_quantity=pl.Float64, overstock_value=MONEY, overstock_holding_cost=MONEY,
    products_out_of_stock=pl.Int64, out_of_stock_value=MONEY, late_orders=pl.Int64,
    late_on_order_quantity=pl.Float64, late_on_order_value=MONEY, stock_value=MONEY, products_without_rate=pl.Int64,
    products_without_cost=pl.Int64, products_without_price=pl.Int64, lead_times_to_review=pl.Int64,
    inputs_hash=pl.String, code_version=pl.String,
)
KPI_DAILY = _published(
    "plan", "kpi_daily", "One row per day with a plan: the totals of the day's last plan.",
    as_of_date=pl.Date, currency=pl.String, stock_quantity=pl.Float64, stock_value=MONEY,
    products_to_order=pl.Int64, order_value=MONEY, products_understocked=pl.Int64, understock_quantity=pl.Float64,
    understock_value=MONEY, understock_margin_lost=MONEY, products_overstocked=pl.Int64,
    overstock_quantity=pl.Float64, overstock_value=MONEY, overstock_holding_cost=MONEY,
    out_of_stock_quantity=pl.Float64, out_of_stock_value=MONEY, late_on_order_quantity=pl.Float64,
    late_on_order_value=MONEY, plan_id=pl.String, planned_at=INSTANT,
)
LEAD_TIME_ADVICE = _published(
    "plan", "lead_time_advice",
    "One row per product whose receipts contradict the lead time that a person set.",
    product_code=pl.String, product_name=pl.String, supplier_id=pl.String, supplier_name=pl.String,
    set_lead_time_days=pl.Int64, set_level=pl.String, observed_lead_time_days=pl.Int64,
    observed_low_days=pl.Float64, observed_high_days=pl.Float64, receipts=pl.Int64, receipts_of=pl.String,
    order_up_to_level=pl.Float64, level_change_quantity=pl.Float64, level_change_value=MONEY,
    stock_change_quantity=pl.Float64, stock_change_value=MONEY, currency=pl.String, plan_id=pl.String,
)

POLICY_BACKTEST = _published(
    "backtest", "policy_backtest", "One row per policy, service level and demand pattern, over the last year.",
    policy=pl.String, service_level=pl.Float64, demand_class=pl.String, products=pl.Int64, levels_kept=pl.Float64,
    orders_kept=pl.Float64, weeks_kept=pl.Float64, fill_rate_units=pl.Float64, fill_rate_money=pl.Float64,
    average_stock_value=pl.Float64, lost_margin_a_week=pl.Float64, order_lines=pl.Int64, orders=pl.Int64,
    weeks=pl.Int64, reviews=pl.Int64, model_comparisons=pl.Int64,
)

# purchase orders: drafts made from the plan
PURCHASE_ORDER_DRAFTS = _published(
    "purchase_orders", "purchase_order_drafts", "One row per line of a drafted order that is not approved yet.",
    order_id=pl.String, purchase_order_number=pl.String, supplier_id=pl.String,
    supplier_name=pl.String, line_number=pl.Int32, product_code=pl.String, product_name=pl.String,
    supplier_product_code=pl.String, quantity=pl.Float64, unit_cost=UNIT_PRICE, currency=pl.String, value=MONEY,
    minimum_order_value=MONEY, is_below_minimum=pl.Boolean, expected_arrival_date=pl.Date, is_edited=pl.Boolean,
    plan_id=pl.String,
)

# fmt: on
TABLES: Final[tuple[Table, ...]] = tuple(value for value in list(globals().values()) if isinstance(value, Table))
PUBLISHED: Final[tuple[Table, ...]] = tuple(table for table in TABLES if table.is_published)


def empty(table: Table) -> pl.DataFrame:
    """A frame of the table's shape without rows."""
    return pl.DataFrame(schema=table.schema)
