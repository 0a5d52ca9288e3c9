select level, subject, name, value
from {{ ref("stg_planning_settings") }}
where level = 'global' and name = 'returns_handling'
