with
    source as (select * from {{ source("raw", "xero_organisation") }}),

    renamed as (
        select
            organisation_id,
            name as organisation_name,
            base_currency,
            time_zone,
            country_code,
            is_demo_company,
            short_code
        from source
    )

select *
from renamed
