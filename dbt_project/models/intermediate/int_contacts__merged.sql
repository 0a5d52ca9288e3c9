-- Each contact with the one that is left after merges, however long the chain.
with recursive
    contacts as (select * from {{ ref("stg_contacts") }}),

    followed as (
        select contact_id, contact_id as surviving_id, 0 as steps
        from contacts
        union all
        select followed.contact_id, contacts.merged_to_contact_id, followed.steps + 1
        from followed
        inner join contacts on followed.surviving_id = contacts.contact_id
        where contacts.merged_to_contact_id is not null and followed.steps < 100
    )

select contact_id, arg_max(surviving_id, steps) as surviving_id
from followed
group by contact_id
