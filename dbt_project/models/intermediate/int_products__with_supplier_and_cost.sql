-- Every item of Xero with its settings, its supplier and its cost.
with
    flags as (
        select
            subject as product_code,
            bool_or(name = 'discontinued' and value = 'true') as is_discontinued,
            bool_or(name = 'unstocked' and value = 'true') as is_unstocked
        from {{ ref("int_settings__of_products") }}
        group by subject
    )

select
    products.product_id,
    products.product_code,
    products.product_name,
    products.is_tracked,
    products.stock_on_hand,
    coalesce(flags.is_discontinued, false) as is_discontinued,
    coalesce(flags.is_unstocked, false) as is_unstocked,
    by_supplier.supplier_id,
    coalesce(suppliers.supplier_name, '') as supplier_name,
    coalesce(suppliers.is_archived, false) as is_supplier_archived,
    by_supplier.supplier_source,
    by_supplier.last_purchase_date,
    products.purchase_unit_price,
    costs.unit_cost,
    costs.unit_cost_source,
    costs.currency,
    costs.currency_rate,
    products.sales_unit_price
from {{ ref("stg_products") }} as products
inner join
    {{ ref("int_products__supplier_by_precedence") }} as by_supplier
    on products.product_code = by_supplier.product_code
inner join
    {{ ref("int_products__cost_by_precedence") }} as costs
    on products.product_code = costs.product_code
left join
    {{ ref("int_suppliers__named") }} as suppliers
    on by_supplier.supplier_id = suppliers.supplier_id
left join flags on products.product_code = flags.product_code
