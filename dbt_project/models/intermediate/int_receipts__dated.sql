-- Each match of an order line and a bill line with its days. `is_half` marks the
-- receipt with which half of the line had come: of the ordered quantity, or of what
-- came in all where the order is billed and no more will come.
with
    matches as (select * from {{ ref("int_receipts__matched") }}),

    ordered as (select * from {{ ref("int_purchase_orders__lines") }}),

    billed as (select * from {{ ref("int_bills__lines_that_count") }}),

    dated as (
        select
            matches.purchase_order_id,
            matches.line_number,
            matches.bill_id,
            matches.bill_line_number,
            ordered.product_code,
            ordered.supplier_id,
            ordered.order_date,
            billed.bill_date,
            (billed.bill_date - ordered.order_date)::integer as lead_time_days,
            matches.quantity,
            case
                when ordered.status = 'BILLED'
                then
                    sum(matches.quantity) over (
                        partition by matches.purchase_order_id, matches.line_number
                    )
                else ordered.quantity
            end as expected_quantity,
            sum(matches.quantity) over (
                partition by matches.purchase_order_id, matches.line_number
                order by billed.bill_date, matches.bill_id, matches.bill_line_number
                rows unbounded preceding
            ) as upto
        from matches
        inner join
            ordered
            on matches.purchase_order_id = ordered.purchase_order_id
            and matches.line_number = ordered.line_number
        inner join
            billed
            on matches.bill_id = billed.bill_id
            and matches.bill_line_number = billed.line_number
    )

select
    * exclude (quantity, expected_quantity, upto),
    2 * upto >= expected_quantity
    and 2 * (upto - quantity) < expected_quantity as is_half
from dated
