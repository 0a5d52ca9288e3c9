with
    source as (select * from {{ source("raw", "quarantined_records") }}),

    renamed as (
        select
            list,
            record_id,
            document_type,
            document_number,
            name,
            status,
            currency_code as currency,
            currency_rate,
            total,
            reason,
            version,
            updated_at
        from source
    )

select *
from renamed
