with
    source as (select * from {{ source("raw", "former_products") }}),

    renamed as (select item_id, item_code as code_on_line, product_code from source)

select *
from renamed
