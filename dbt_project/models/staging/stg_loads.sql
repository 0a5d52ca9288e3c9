with
    source as (select * from {{ source("raw", "loads") }}),

    renamed as (
        select load_id, loaded_at, list as list_name, kind as reading_kind from source
    )

select *
from renamed
