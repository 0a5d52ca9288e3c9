with
    products as (
        select supplier_id, count(*) as products
        from {{ ref("int_products__supplier_by_precedence") }}
        group by supplier_id
    ),

    organisation as (
        select any_value(base_currency) as base_currency
        from {{ ref("stg_organisation") }}
    )

select
    suppliers.supplier_id,
    suppliers.supplier_name,
    coalesce(
        nullif(documents.currency, ''),
        nullif(contacts.default_currency, ''),
        organisation.base_currency,
        ''
    ) as currency,
    suppliers.is_archived,
    coalesce(products.products, 0)::bigint as products,
    documents.last_order_date
from {{ ref("int_suppliers__named") }} as suppliers
left join
    {{ ref("int_suppliers__currency_and_rate") }} as documents
    on suppliers.supplier_id = documents.supplier_id
left join
    {{ ref("stg_contacts") }} as contacts on suppliers.supplier_id = contacts.contact_id
left join products on suppliers.supplier_id = products.supplier_id
cross join organisation
order by suppliers.supplier_id
