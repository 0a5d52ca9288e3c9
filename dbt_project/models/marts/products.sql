with
    products as (select * from {{ ref("stg_products") }}),

    flags as (
        select
            subject as product_code,
            bool_or(name = 'discontinued' and value = 'true') as is_discontinued,
            bool_or(name = 'unstocked' and value = 'true') as is_unstocked
        from {{ ref("stg_planning_settings") }}
        where level = 'product'
        group by subject
    ),

    sold as (
        select
            product_code,
            min(demand_date) as first_sale_date,
            max(demand_date) as last_sale_date
        from {{ ref("demand_daily") }}
        where quantity > 0
        group by product_code
    )

select
    products.product_id,
    products.product_code,
    products.product_name,
    products.is_tracked,
    coalesce(flags.is_discontinued, false) as is_discontinued,
    coalesce(flags.is_unstocked, false) as is_unstocked,
    by_supplier.supplier_id,
    coalesce(contacts.contact_name, by_supplier.document_name, '') as supplier_name,
    by_supplier.supplier_source,
    costs.unit_cost,
    costs.unit_cost_source,
    costs.currency,
    costs.currency_rate,
    coalesce(products.sales_unit_price, 0)::decimal(18, 4) as sales_unit_price,
    sold.first_sale_date,
    sold.last_sale_date,
    by_supplier.last_purchase_date
from products
inner join
    {{ ref("int_products__supplier_by_precedence") }} as by_supplier
    on products.product_code = by_supplier.product_code
inner join
    {{ ref("int_products__cost_by_precedence") }} as costs
    on products.product_code = costs.product_code
left join
    {{ ref("stg_contacts") }} as contacts
    on by_supplier.supplier_id = contacts.contact_id
left join flags on products.product_code = flags.product_code
left join sold on products.product_code = sold.product_code
order by products.product_code
