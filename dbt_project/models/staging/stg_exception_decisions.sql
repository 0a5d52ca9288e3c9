with
    source as (select * from {{ source("raw", "exception_decisions") }}),

    renamed as (
        select problem, record_id, version, decision, decided_by, decided_at, reason
        from source
    )

select *
from renamed
