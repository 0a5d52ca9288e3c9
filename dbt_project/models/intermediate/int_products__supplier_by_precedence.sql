-- Xero keeps no supplier for a product. It is the setting; else the supplier of the
-- latest purchase order line; else of the latest bill line.
with
    products as (select product_code from {{ ref("stg_products") }}),

    preferred as (
        select subject as product_code, value as supplier_id
        from {{ ref("int_settings__of_products") }}
        where name = 'preferred_supplier'
    ),

    ordered as (
        select *
        from {{ ref("int_purchases__latest_by_product") }}
        where source = 'purchase_order'
    ),

    billed as (
        select *
        from {{ ref("int_purchases__latest_by_product") }}
        where source = 'bill'
    )

select
    products.product_code,
    coalesce(
        preferred.supplier_id, ordered.supplier_id, billed.supplier_id
    ) as supplier_id,
    case
        when preferred.supplier_id is not null
        then 'setting'
        when ordered.supplier_id is not null
        then 'purchase_order'
        when billed.supplier_id is not null
        then 'bill'
        else 'none'
    end as supplier_source,
    greatest(ordered.purchase_date, billed.purchase_date) as last_purchase_date
from products
left join preferred on products.product_code = preferred.product_code
left join ordered on products.product_code = ordered.product_code
left join billed on products.product_code = billed.product_code
