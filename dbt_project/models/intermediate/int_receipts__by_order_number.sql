-- A bill that carries an order's number delivers that order: its lines of a product
-- fill the order's lines of the product, first in, first out.
with
    named as (select * from {{ ref("int_bills__lines_naming_an_order") }}),

    ordered as (
        select
            *,
            sum(quantity) over (
                partition by purchase_order_id, product_code
                order by line_number
                rows unbounded preceding
            ) as upto
        from {{ ref("int_purchase_orders__lines") }}
    ),

    billed as (
        select
            lines.*,
            named.purchase_order_id,
            sum(lines.quantity) over (
                partition by named.purchase_order_id, lines.product_code
                order by
                    lines.bill_date, lines.bill_number, lines.bill_id, lines.line_number
                rows unbounded preceding
            ) as upto
        from {{ ref("int_bills__lines_that_count") }} as lines
        inner join
            named
            on lines.bill_id = named.bill_id
            and lines.line_number = named.line_number
    )

select
    ordered.purchase_order_id,
    ordered.line_number,
    billed.bill_id,
    billed.line_number as bill_line_number,
    {{ matched_quantity("ordered", "billed") }} as quantity
from ordered
inner join
    billed
    on ordered.purchase_order_id = billed.purchase_order_id
    and ordered.product_code = billed.product_code
where {{ matched_quantity("ordered", "billed") }} > 0
