select level, subject, name, value
from {{ ref("stg_planning_settings") }}
where name = 'lead_time_days' or (level = 'global' and name = 'on_order_rule')
