-- Our own approved orders are supply from the moment of approval until Xero's list of
-- orders shows them.
with
    ledger as (select * from {{ ref("stg_ledger_order_lines") }}),

    purchase_orders as (select * from {{ ref("stg_purchase_orders") }})

select ledger.*, 'approved_not_sent' as rule
from ledger
anti join
    purchase_orders
    on ledger.purchase_order_number = purchase_orders.purchase_order_number
where ledger.quantity > 0
