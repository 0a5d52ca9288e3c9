with
    source as (select * from {{ source("raw", "group_members") }}),

    renamed as (
        select product_code, group_id, group_kind, group_name, group_order from source
    )

select *
from renamed
