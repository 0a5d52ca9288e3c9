with
    source as (select * from {{ source("raw", "xero_credit_note_lines") }}),

    renamed as (
        select
            credit_note_id,
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
