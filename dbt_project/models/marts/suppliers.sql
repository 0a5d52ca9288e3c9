with
    products as (select * from {{ ref("products") }} where supplier_id is not null),

    known as (
        select supplier_id
        from products
        union
        select supplier_id
        from {{ ref("int_suppliers__currency_and_rate") }}
    ),

    counted as (
        select
            supplier_id, count(*) as products, any_value(supplier_name) as supplier_name
        from products
        group by all
    )

select
    known.supplier_id,
    coalesce(
        contacts.contact_name, papers.document_name, counted.supplier_name, ''
    ) as supplier_name,
    coalesce(
        nullif(papers.currency, ''),
        nullif(contacts.default_currency, ''),
        organisation.base_currency,
        ''
    ) as currency,
    coalesce(contacts.is_archived, false) as is_archived,
    coalesce(counted.products, 0)::bigint as products,
    papers.last_order_date
from known
left join
    {{ ref("stg_contacts") }} as contacts on known.supplier_id = contacts.contact_id
left join
    {{ ref("int_suppliers__currency_and_rate") }} as papers
    on known.supplier_id = papers.supplier_id
left join counted on known.supplier_id = counted.supplier_id
cross join
    (
        select any_value(base_currency) as base_currency
        from {{ ref("stg_organisation") }}
    ) as organisation
order by known.supplier_id
