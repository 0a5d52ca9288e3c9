-- Each match of an order line and a bill line with its days. `is_half` marks the
-- receipt that completes half of the line: of the ordered quantity, or of all that came
-- if the order is billed and no more will come.
with
    matches as (
        select
            *,
            sum(quantity) over (
                partition by purchase_order_id, line_number
            ) as received_quantity
        from {{ ref("int_receipts__matched") }}
    ),

    dated as (
        select
            matches.*,
            ordered.purchase_order_number,
            ordered.product_code,
            ordered.supplier_id,
            ordered.status as order_status,
            ordered.order_date,
            coalesce(
                ordered.expected_arrival_date, ordered.delivery_date
            ) as promised_date,
            billed.bill_number,
            billed.bill_date,
            if(
                ordered.status = 'BILLED', matches.received_quantity, ordered.quantity
            ) as expected_quantity,
            sum(matches.quantity) over (
                partition by matches.purchase_order_id, matches.line_number
                order by billed.bill_date, matches.bill_id, matches.bill_line_number
                rows unbounded preceding
            ) as upto
        from matches
        inner join
            {{ ref("int_purchase_orders__lines") }} as ordered
            on matches.purchase_order_id = ordered.purchase_order_id
            and matches.line_number = ordered.line_number
        inner join
            {{ ref("int_bills__lines_that_count") }} as billed
            on matches.bill_id = billed.bill_id
            and matches.bill_line_number = billed.line_number
    )

select
    * exclude (received_quantity, expected_quantity, upto),
    (bill_date - order_date)::integer as lead_time_days,
    (bill_date - promised_date)::integer as days_late,
    2 * upto >= expected_quantity
    and 2 * (upto - quantity) < expected_quantity as is_half
from dated
