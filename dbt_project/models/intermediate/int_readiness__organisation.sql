-- What is wrong with the whole: data that were old when the day of this run began, a
-- demo company, suppliers that nobody can tell apart. A run reads no clock; how old the
-- data are now, the doctor says.
with
    organisation as (select * from {{ ref("stg_organisation") }}),

    freshness as (select * from {{ ref("data_freshness") }}),

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
        from {{ ref("suppliers") }}
        where not is_archived and supplier_name != ''
    )

select
    'stale_load' as problem,
    organisation.organisation_id as record_id,
    organisation.organisation_name as name
from organisation
cross join freshness
cross join settings
where
    freshness.loaded_at is null
    or epoch(freshness.as_of_date::timestamp) - epoch(freshness.loaded_at)
    > settings.stale_after_hours * 3600
union all
select 'demo_company', organisation_id, organisation_name
from organisation
where is_demo_company
union all
select 'duplicate_supplier_name', supplier_id, supplier_name
from suppliers
where suppliers_of_the_name > 1
