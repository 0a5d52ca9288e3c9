with
    source as (select * from {{ source("raw", "planning_settings") }}),

    renamed as (select level, subject, name, value, changed_by, changed_at from source)

select *
from renamed
