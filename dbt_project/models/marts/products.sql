with
    sold as (
        select
            product_code,
            min(demand_date) as first_sale_date,
            max(demand_date) as last_sale_date
        from {{ ref("int_demand__netted_of_credits") }}
        where quantity > 0
        group by product_code
    )

select
    products.product_id,
    products.product_code,
    products.product_name,
    products.is_tracked,
    products.is_discontinued,
    products.is_unstocked,
    products.supplier_id,
    products.supplier_name,
    products.supplier_source,
    products.unit_cost,
    products.unit_cost_source,
    products.currency,
    products.currency_rate,
    coalesce(products.sales_unit_price, 0)::decimal(18, 4) as sales_unit_price,
    sold.first_sale_date,
    sold.last_sale_date,
    products.last_purchase_date
from {{ ref("int_products__with_supplier_and_cost") }} as products
left join sold on products.product_code = sold.product_code
order by products.product_code
