select subject as supplier_id, upper(value) as order_currency
from {{ ref("stg_planning_settings") }}
where level = 'supplier' and name = 'order_currency' and value != ''
