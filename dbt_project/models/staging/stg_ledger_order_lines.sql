with
    source as (select * from {{ source("raw", "ledger_order_lines") }}),

    renamed as (
        select
            order_id,
            purchase_order_number,
            state,
            supplier_id,
            supplier_name,
            approved_date,
            expected_arrival_date,
            order_arrival_date,
            line_number,
            product_code,
            quantity,
            unit_cost,
            currency,
            reference,
            purchase_order_id,
            sent_at,
            failure
        from source
    )

select *
from renamed
