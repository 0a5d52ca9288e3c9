-- Stock that no document explains: today's quantity, minus all that came in and plus
-- all that went out by documents, should be 0.
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
    * costs.unit_cost::double
    / nullif(costs.currency_rate, 0)::double as amount
from counted
inner join
    {{ ref("int_products__cost_by_precedence") }} as costs
    on counted.product_code = costs.product_code
where counted.quantity != 0
