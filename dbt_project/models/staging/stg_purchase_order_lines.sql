with
    source as (select * from {{ source("raw", "xero_purchase_order_lines") }}),

    renamed as (
        select
            purchase_order_id,
            line_number,
            line_item_id,
            item_id,
            nullif(trim(item_code), '') as product_code,
            description,
            quantity,
            unit_amount as unit_price,
            line_amount,
            discount_rate,
            discount_amount,
            tax_amount
        from source
    )

select *
from renamed
