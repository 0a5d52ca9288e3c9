-- Stock that no document explains: today's quantity, less all that came and plus all
-- that left by documents, must be nothing.
with
    moved as (
        select product_code, sum(quantity_in - quantity_out) as quantity
        from {{ ref("int_stock__movements") }}
        group by product_code
    ),

    counted as (
        select
            items.product_id,
            items.product_code,
            items.product_name,
            items.stock_on_hand
            - items.stock_on_back_order
            - coalesce(moved.quantity, 0) as quantity
        from {{ ref("stg_products") }} as items
        left join moved on items.product_code = moved.product_code
        where items.is_tracked
    )

select
    'stock_not_reconciled' as problem,
    counted.product_id as record_id,
    counted.product_code,
    counted.product_name as name,
    1 as occurrences,
    counted.quantity::double as quantity,
    abs(counted.quantity)::double
    * products.unit_cost::double
    / nullif(products.currency_rate, 0)::double as amount
from counted
inner join
    {{ ref("products") }} as products on counted.product_code = products.product_code
where counted.quantity != 0
