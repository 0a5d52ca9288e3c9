-- The units of order lines (positive) and of bill lines (negative) that no order number
-- has matched.
with
    known as (select * from {{ ref("int_receipts__by_order_number") }}),

    left_over as (
        select
            lines.supplier_id,
            lines.product_code,
            lines.purchase_order_id as document_id,
            lines.line_number,
            lines.order_date as event_date,
            0 as is_bill,
            lines.purchase_order_number as document_number,
            any_value(lines.quantity) - coalesce(sum(known.quantity), 0) as quantity
        from {{ ref("int_purchase_orders__lines") }} as lines
        left join known using (purchase_order_id, line_number)
        group by all
        union all
        select
            lines.supplier_id,
            lines.product_code,
            lines.bill_id,
            lines.line_number,
            lines.bill_date,
            1,
            lines.bill_number,
            coalesce(sum(known.quantity), 0) - any_value(lines.quantity)
        from {{ ref("int_bills__lines_that_count") }} as lines
        left join
            known
            on lines.bill_id = known.bill_id
            and lines.line_number = known.bill_line_number
        group by all
    )

select *
from left_over
where quantity != 0
