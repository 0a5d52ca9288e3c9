-- A product's own setting wins over that of its groups.
with
    own as (
        select level, subject, name, value
        from {{ ref("stg_planning_settings") }}
        where
            level = 'product'
            and name in ('preferred_supplier', 'unit_cost', 'discontinued', 'unstocked')
    ),

    of_groups as (
        select 'group' as level, product_code as subject, name, value
        from {{ ref("int_settings__of_groups") }}
        where name in ('preferred_supplier', 'discontinued', 'unstocked')
    )

select level, subject, name, value
from own
union all
select of_groups.level, of_groups.subject, of_groups.name, of_groups.value
from of_groups
anti join own on of_groups.subject = own.subject and of_groups.name = own.name
