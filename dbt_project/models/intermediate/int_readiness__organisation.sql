-- Problems of the organisation as a whole: data that were old when the day of this run
-- began, a demo company, suppliers of the same name. A run reads no clock; the doctor
-- says how old the data are now.
with
    organisation as (select * from {{ ref("stg_organisation") }}),

    settings as (
        select max(value::double) as stale_after_hours
        from {{ ref("stg_planning_settings") }}
        where level = 'global' and name = 'stale_after_hours'
    ),

    suppliers as (
        select
            *,
            count(*) over (
                partition by {{ folded_code("supplier_name") }}
            ) as suppliers_of_the_name
        from {{ ref("int_suppliers__named") }}
        where not is_archived and supplier_name != ''
    )

select
    'stale_load' as problem,
    organisation.organisation_id as record_id,
    organisation.organisation_name as name
from organisation
cross join {{ ref("stg_as_of") }} as today
cross join {{ ref("int_loads__oldest_needed") }} as loads
cross join settings
where
    loads.loaded_at is null
    or epoch(today.as_of_date::timestamp) - epoch(loads.loaded_at)
    > settings.stale_after_hours * 3600
union all
select 'demo_company', organisation_id, organisation_name
from organisation
where is_demo_company
union all
select 'duplicate_supplier_name', supplier_id, supplier_name
from suppliers
where suppliers_of_the_name > 1
