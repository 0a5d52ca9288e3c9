with
    source as (select * from {{ source("raw", "xero_credit_notes") }}),

    renamed as (
        select
            credit_note_id,
            type as credit_note_type,
            credit_note_number,
            reference,
            status,
            contact_id,
            contact_name,
            credit_note_date,
            currency_code as currency,
            currency_rate,
            total,
            line_amount_types,
            updated_at
        from source
    )

select *
from renamed
