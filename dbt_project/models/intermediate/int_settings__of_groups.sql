-- Of the groups of a product that set the same setting, the first decides: in the order
-- that people gave the groups, then by name.
select members.product_code, settings.name, settings.value
from {{ ref("stg_planning_settings") }} as settings
inner join
    {{ ref("stg_group_members") }} as members on settings.subject = members.group_id
where
    settings.level = 'group'
    and settings.name
    in ('lead_time_days', 'preferred_supplier', 'discontinued', 'unstocked')
qualify
    row_number() over (
        partition by members.product_code, settings.name
        order by
            members.group_order asc nulls last, members.group_name, members.group_id
    )
    = 1
