-- Draft sales and back orders are committed where their demand counts: of a bundle at
-- its parts, of a product with a successor at the successor.
with
    products as (select * from {{ ref("stg_products") }}),

    transfers as (select * from {{ ref("stg_demand_transfers") }}),

    drafted as (
        select invoice_id, product_code, quantity
        from {{ ref("int_sales__lines_that_count") }}
        where status in ('DRAFT', 'SUBMITTED')
        union all
        select invoice_id, product_code, - quantity
        from {{ ref("int_sales__returns") }}
        where status in ('DRAFT', 'SUBMITTED')
    ),

    drafts as (
        select product_code, greatest(0, sum(quantity))::double as quantity
        from drafted
        group by invoice_id, product_code
    ),

    sold as (
        select product_code, quantity, 0 as waiting
        from drafts
        union all
        select product_code, 0, stock_on_back_order::double
        from products
    ),

    committed as (
        select
            coalesce(transfers.to_product, sold.product_code) as product_code,
            sum(sold.quantity * coalesce(transfers.units, 1)) as quantity,
            sum(sold.waiting * coalesce(transfers.units, 1)) as waiting
        from sold
        left join transfers on sold.product_code = transfers.product_code
        group by all
    ),

    on_order as (
        select
            product_code,
            sum(quantity) filter (where rule != 'approved_not_sent') as in_xero,
            sum(quantity) filter (where rule = 'approved_not_sent') as approved_not_sent
        from {{ ref("int_stock_on_order__with_arrival_and_value") }}
        where is_counted
        group by product_code
    ),

    parts as (
        select
            products.product_code,
            if(products.is_tracked, products.stock_on_hand, 0)::double as stock_on_hand,
            coalesce(committed.quantity, 0)::double as committed_unapproved_sales,
            coalesce(committed.waiting, 0)::double as committed_back_orders,
            coalesce(on_order.in_xero, 0)::double as on_order_in_xero,
            coalesce(on_order.approved_not_sent, 0)::double
            as on_order_approved_not_sent
        from products
        left join committed on products.product_code = committed.product_code
        left join on_order on products.product_code = on_order.product_code
    )

select
    product_code,
    stock_on_hand,
    committed_unapproved_sales + committed_back_orders as stock_committed,
    on_order_in_xero + on_order_approved_not_sent as stock_on_order,
    stock_on_hand - stock_committed + stock_on_order as stock_position,
    committed_unapproved_sales,
    committed_back_orders,
    on_order_in_xero,
    on_order_approved_not_sent
from parts
order by product_code
