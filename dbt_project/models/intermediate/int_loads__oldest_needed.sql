-- Data are as old as the oldest of the lists that every plan needs; unknown until all
-- of them were loaded. Suppliers are loaded when they change.
select if(count(*) = 3, min(loaded_at), null) as loaded_at
from {{ ref("stg_entity_loads") }}
where entity in ('products', 'sales_orders', 'purchase_orders')
