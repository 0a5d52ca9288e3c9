with
    products as (select * from {{ ref("stg_products") }}),

    committed as (
        select product_code, sum(quantity) as quantity
        from {{ ref("int_sales__lines_that_count") }}
        where status in ('DRAFT', 'SUBMITTED')
        group by product_code
    ),

    on_order as (
        select product_code, sum(quantity) as quantity
        from {{ ref("stock_on_order") }}
        where is_counted
        group by all
    ),

    parts as (
        select
            products.product_code,
            if(products.is_tracked, products.stock_on_hand, 0)::double as stock_on_hand,
            (coalesce(committed.quantity, 0) + products.stock_on_back_order)::double
            as stock_committed,
            coalesce(on_order.quantity, 0)::double as stock_on_order
        from products
        left join committed on products.product_code = committed.product_code
        left join on_order on products.product_code = on_order.product_code
    )

select
    product_code,
    stock_on_hand,
    stock_committed,
    stock_on_order,
    stock_on_hand - stock_committed + stock_on_order as stock_position
from parts
order by product_code
