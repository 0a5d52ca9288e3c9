-- When each product of an order of ours is expected, as long as the order's one date in
-- Xero is the one that was sent. If somebody changes it there, Xero's date holds.
select
    ours.purchase_order_id,
    ledger.product_code,
    max(ledger.expected_arrival_date) as expected_arrival_date
from {{ ref("int_purchase_orders__ours") }} as ours
inner join
    {{ ref("stg_ledger_order_lines") }} as ledger on ours.order_id = ledger.order_id
inner join
    {{ ref("stg_purchase_orders") }} as purchase_orders
    on ours.purchase_order_id = purchase_orders.purchase_order_id
    and ledger.order_arrival_date = purchase_orders.expected_arrival_date
group by all
