-- The suppliers of each product: the one that it is ordered from, those on its orders
-- and bills, and those that a person gave terms of their own for it. The price is what
-- was paid there last, without recoverable tax; a bill before an order of the same day.
with
    paid as (select * from {{ ref("int_purchases__latest_by_supplier") }}),

    with_terms as (
        select distinct product_code, supplier_id
        from {{ ref("int_settings__of_products_by_supplier") }}
    ),

    set_costs as (
        select product_code, supplier_id, try_cast(value as decimal(18, 4)) as unit_cost
        from {{ ref("int_settings__of_products_by_supplier") }}
        where name = 'unit_cost'
    ),

    used as (
        select product_code, supplier_id
        from {{ ref("int_products__supplier_by_precedence") }}
        where supplier_id is not null
    ),

    pairs as (
        select product_code, supplier_id
        from used
        union
        select product_code, supplier_id
        from paid
        union
        select product_code, supplier_id
        from with_terms
    ),

    organisation as (
        select coalesce(any_value(base_currency), '') as base_currency
        from {{ ref("stg_organisation") }}
    ),

    priced as (
        select
            pairs.product_code,
            pairs.supplier_id,
            coalesce(
                contacts.contact_name, suppliers.document_name, ''
            ) as supplier_name,
            coalesce(contacts.is_archived, false) as is_archived,
            used.supplier_id is not null as is_used,
            coalesce(set_costs.unit_cost, paid.unit_cost) as unit_cost,
            case
                when set_costs.unit_cost is not null
                then 'setting'
                else coalesce(paid.source, 'unknown')
            end as unit_cost_source,
            coalesce(
                nullif(
                    case
                        when set_costs.unit_cost is null and paid.unit_cost is not null
                        then paid.currency
                        else suppliers.currency
                    end,
                    ''
                ),
                organisation.base_currency
            ) as currency,
            paid.last_purchase_date,
            paid.currency as paid_currency,
            paid.currency_rate as paid_rate,
            suppliers.currency as order_currency,
            suppliers.currency_rate as order_rate,
            organisation.base_currency
        from pairs
        inner join
            {{ ref("stg_products") }} as products
            on pairs.product_code = products.product_code
        cross join organisation
        left join
            used
            on pairs.product_code = used.product_code
            and pairs.supplier_id = used.supplier_id
        left join
            paid
            on pairs.product_code = paid.product_code
            and pairs.supplier_id = paid.supplier_id
        left join
            set_costs
            on pairs.product_code = set_costs.product_code
            and pairs.supplier_id = set_costs.supplier_id
        left join
            {{ ref("int_suppliers__currency_and_rate") }} as suppliers
            on pairs.supplier_id = suppliers.supplier_id
        left join
            {{ ref("stg_contacts") }} as contacts
            on pairs.supplier_id = contacts.contact_id
    )

select
    product_code,
    supplier_id,
    supplier_name,
    is_archived,
    is_used,
    unit_cost,
    unit_cost_source,
    currency,
    case
        when currency = base_currency
        then 1
        when currency = order_currency and order_rate > 0
        then order_rate
        when currency = paid_currency and paid_rate > 0
        then paid_rate
    end::decimal(18, 6) as currency_rate,
    last_purchase_date
from priced
order by product_code, supplier_id
