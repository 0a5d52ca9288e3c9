with
    source as (select * from {{ source("raw", "demand_transfers") }}),

    renamed as (select product_code, to_product, units from source)

select *
from renamed
