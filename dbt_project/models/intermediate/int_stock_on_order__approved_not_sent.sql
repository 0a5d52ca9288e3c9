-- Our own approved orders are supply from their approval until Xero's list of orders
-- shows them; from then on Xero's version counts. A sent order that is not in a
-- complete list read since is no supply: a person should look. What Xero refused is no
-- supply either.
with
    ledger as (
        select * from {{ ref("stg_ledger_order_lines") }} where state != 'failed'
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
cross join {{ ref("int_loads__last_whole_order_list") }} as last_whole_list
where ledger.quantity > 0
