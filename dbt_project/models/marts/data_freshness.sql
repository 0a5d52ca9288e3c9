with
    loads as (
        select min(loaded_at) as loaded_at
        from {{ ref("stg_entity_loads") }}
        where entity in ('products', 'sales_orders', 'purchase_orders')
        having count(*) = 3
    )

select
    organisation.organisation_name,
    organisation.base_currency,
    organisation.time_zone,
    organisation.is_demo_company,
    today.as_of_date,
    loads.loaded_at
from {{ ref("stg_organisation") }} as organisation
cross join {{ ref("stg_as_of") }} as today
left join loads on true
