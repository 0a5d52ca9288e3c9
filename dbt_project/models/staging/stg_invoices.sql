with
    source as (select * from {{ source("raw", "xero_invoices") }}),

    renamed as (
        select
            invoice_id,
            type as invoice_type,
            invoice_number,
            reference,
            status,
            contact_id,
            contact_name,
            invoice_date,
            due_date,
            currency_code as currency,
            currency_rate,
            total,
            line_amount_types,
            updated_at
        from source
    )

select *
from renamed
