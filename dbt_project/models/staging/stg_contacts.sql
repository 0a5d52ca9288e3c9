with
    source as (select * from {{ source("raw", "xero_contacts") }}),

    renamed as (
        select
            contact_id,
            trim(name) as contact_name,
            contact_status in ('ARCHIVED', 'GDPRREQUEST') as is_archived,
            account_number,
            email_address,
            default_currency,
            nullif(merged_to_contact_id, '') as merged_to_contact_id,
            updated_at
        from source
    )

select *
from renamed
