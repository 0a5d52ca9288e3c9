-- All units on order: Xero's open orders, and ours that Xero does not list yet.
select
    counted.purchase_order_number,
    counted.line_number,
    counted.product_code,
    counted.supplier_id,
    counted.contact_name as document_name,
    counted.status,
    counted.order_date,
    counted.delivery_date,
    coalesce(
        own.expected_arrival_date, counted.expected_arrival_date
    ) as expected_arrival_date,
    counted.ordered_quantity,
    counted.billed_quantity,
    counted.quantity,
    counted.unit_price,
    counted.currency,
    counted.currency_rate,
    counted.rule,
    counted.purchase_order_id
from {{ ref("int_stock_on_order__counted_by_rule") }} as counted
left join
    {{ ref("int_stock_on_order__own_arrivals") }} as own
    on counted.purchase_order_id = own.purchase_order_id
    and counted.product_code = own.product_code
union all
select
    approved.purchase_order_number,
    approved.line_number,
    approved.product_code,
    coalesce(contacts.surviving_id, approved.supplier_id),
    approved.supplier_name,
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
    approved.rule,
    nullif(approved.purchase_order_id, '')
from {{ ref("int_stock_on_order__approved_not_sent") }} as approved
left join
    {{ ref("int_contacts__merged") }} as contacts
    on approved.supplier_id = contacts.contact_id
left join
    {{ ref("int_suppliers__currency_and_rate") }} as rates
    on coalesce(contacts.surviving_id, approved.supplier_id) = rates.supplier_id
