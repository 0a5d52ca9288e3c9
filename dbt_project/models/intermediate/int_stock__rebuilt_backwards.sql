-- Xero keeps no history of quantities: the stock at the end of a day is today's, less
-- what came after that day, plus what left after it. Customers who wait (back orders)
-- are stock below nothing. A level holds until the next movement, the last one until
-- today.
with
    products as (select * from {{ ref("stg_products") }} where is_tracked),

    today as (select as_of_date from {{ ref("stg_as_of") }})

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
