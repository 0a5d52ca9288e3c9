-- Our own approved orders are supply from their approval until Xero's list of orders
-- shows them; from then on Xero's version counts. A sent order that is not in a
-- complete list read since is no supply: a person should look. What Xero refused is no
-- supply either.
with
    ledger as (
        select * from {{ ref("stg_ledger_order_lines") }} where state != 'failed'
    ),

    last_whole_list as (
        select max(loads.loaded_at) as began_at
        from {{ ref("stg_loads") }} as loads
        inner join
            {{ ref("stg_entity_loads") }} as entities
            on entities.entity = 'purchase_orders'
            and date_trunc('second', loads.loaded_at) <= entities.loaded_at
        where
            loads.list_name = 'PurchaseOrders'
            and loads.reading_kind in ('everything', 'count', 'replayed')
    )

select
    ledger.*,
    if(
        ledger.state = 'sent' and ledger.sent_at < last_whole_list.began_at,
        'missing_in_xero',
        'approved_not_sent'
    ) as rule
from ledger
anti join
    {{ ref("int_purchase_orders__ours") }} as ours on ledger.order_id = ours.order_id
cross join last_whole_list
where ledger.quantity > 0
