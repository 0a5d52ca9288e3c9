-- Xero keeps no history of quantities: the stock at the end of a day is today's, minus
-- what came in after that day, plus what went out after it. Back orders are negative
-- stock. A level holds until the next movement, the last one until today. Days without
-- stock are days out; with negative stock sales went on, so they are not.
with
    products as (select * from {{ ref("stg_products") }} where is_tracked),

    today as (select as_of_date from {{ ref("stg_as_of") }}),

    levels as (
        select
            movements.product_code,
            movements.stock_date,
            movements.quantity_in,
            movements.quantity_out,
            products.stock_on_hand
            - products.stock_on_back_order
            - coalesce(
                sum(movements.quantity_in - movements.quantity_out) over (
                    partition by movements.product_code
                    order by movements.stock_date
                    rows between 1 following and unbounded following
                ),
                0
            ) as stock_on_hand,
            coalesce(
                lead(movements.stock_date) over (
                    partition by movements.product_code order by movements.stock_date
                )
                - 1,
                today.as_of_date
            ) as until_date
        from {{ ref("int_stock__movements") }} as movements
        inner join products on movements.product_code = products.product_code
        cross join today
    )

select *, if(stock_on_hand = 0, until_date - stock_date + 1, 0)::integer as days_out
from levels
