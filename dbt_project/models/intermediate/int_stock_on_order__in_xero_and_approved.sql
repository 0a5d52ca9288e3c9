-- All that is on order: Xero's open orders and ours that Xero does not list yet.
select
    purchase_order_number,
    line_number,
    product_code,
    supplier_id,
    contact_name as document_name,
    status,
    order_date,
    delivery_date,
    expected_arrival_date,
    ordered_quantity,
    billed_quantity,
    quantity,
    unit_price,
    currency,
    currency_rate,
    rule
from {{ ref("int_stock_on_order__counted_by_rule") }}
union all
select
    approved.purchase_order_number,
    approved.line_number,
    approved.product_code,
    approved.supplier_id,
    null,
    upper(approved.state),
    approved.approved_date,
    null,
    approved.expected_arrival_date,
    approved.quantity,
    0,
    approved.quantity,
    approved.unit_cost,
    approved.currency,
    rates.currency_rate,
    approved.rule
from {{ ref("int_stock_on_order__approved_not_sent") }} as approved
left join
    {{ ref("int_suppliers__currency_and_rate") }} as rates
    on approved.supplier_id = rates.supplier_id
