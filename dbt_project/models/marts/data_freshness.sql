-- A view, so that a load that brings nothing new leaves nothing to build.
select
    organisation.organisation_name,
    organisation.base_currency,
    organisation.time_zone,
    organisation.is_demo_company,
    today.as_of_date,
    loads.loaded_at
from {{ ref("stg_organisation") }} as organisation
cross join {{ ref("stg_as_of") }} as today
cross join {{ ref("int_loads__oldest_needed") }} as loads
