with
    source as (select * from {{ source("raw", "entity_loads") }}),

    renamed as (select entity, loaded_at from source)

select *
from renamed
