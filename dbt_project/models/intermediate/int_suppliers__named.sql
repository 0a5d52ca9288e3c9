-- A supplier is a contact that goods were ordered or billed from, or that a person set
-- as preferred supplier. Its name is the contact's; if the contact was not loaded, that
-- on its latest document.
with
    known as (
        select supplier_id
        from {{ ref("int_products__supplier_by_precedence") }}
        where supplier_id is not null
        union
        select supplier_id
        from {{ ref("int_suppliers__currency_and_rate") }}
    )

select
    known.supplier_id,
    coalesce(contacts.contact_name, documents.document_name, '') as supplier_name,
    coalesce(contacts.is_archived, false) as is_archived
from known
left join
    {{ ref("stg_contacts") }} as contacts on known.supplier_id = contacts.contact_id
left join
    {{ ref("int_suppliers__currency_and_rate") }} as documents
    on known.supplier_id = documents.supplier_id
