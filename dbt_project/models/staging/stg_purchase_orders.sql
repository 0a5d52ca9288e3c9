with
    source as (select * from {{ source("raw", "xero_purchase_orders") }}),

    renamed as (
        select
            purchase_order_id,
            purchase_order_number,
            reference,
            status,
            contact_id,
            contact_name,
            order_date,
            delivery_date,
            expected_arrival_date,
            currency_code as currency,
            currency_rate,
            total,
            line_amount_types,
            updated_at
        from source
    )

select *
from renamed
