-- A load of changes does not show which orders Xero no longer has, nor does a list that
-- was read and not stored.
select max(loads.loaded_at) as began_at
from {{ ref("stg_loads") }} as loads
inner join
    {{ ref("stg_entity_loads") }} as entities
    on entities.entity = 'purchase_orders'
    and date_trunc('second', loads.loaded_at) <= entities.loaded_at
where
    loads.list_name = 'PurchaseOrders'
    and loads.reading_kind in ('everything', 'count', 'replayed')
