select level, subject, name, value
from {{ ref("stg_planning_settings") }}
where
    level = 'product'
    and name in ('preferred_supplier', 'unit_cost', 'discontinued', 'unstocked')
