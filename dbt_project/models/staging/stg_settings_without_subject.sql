with
    source as (select * from {{ source("raw", "settings_without_subject") }}),

    renamed as (select level, subject, name, value, changed_by, changed_at from source)

select *
from renamed
