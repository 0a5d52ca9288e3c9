-- The units of a supplier's bill deliver the oldest units of the product that are still
-- open at that supplier, ordered on or before the bill.
with
    queued as (
        select
            *,
            sum(quantity) over (
                partition by supplier_id, product_code, is_bill
                order by place
                rows unbounded preceding
            ) as upto
        from {{ ref("int_receipts__queue_of_each_product") }}
    )

select
    ordered.document_id as purchase_order_id,
    ordered.line_number,
    billed.document_id as bill_id,
    billed.line_number as bill_line_number,
    {{ matched_quantity("ordered", "billed") }} as quantity
from queued as ordered
inner join
    queued as billed
    on ordered.supplier_id = billed.supplier_id
    and ordered.product_code = billed.product_code
where
    ordered.is_bill = 0
    and billed.is_bill = 1
    and {{ matched_quantity("ordered", "billed") }} > 0
