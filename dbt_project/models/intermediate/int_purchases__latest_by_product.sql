-- The latest purchase order line and the latest bill line of each product: who sold it.
with
    purchases as (
        select
            product_code,
            'purchase_order' as source,
            supplier_id,
            order_date as purchase_date,
            purchase_order_number as document_number,
            purchase_order_id as document_id,
            line_number
        from {{ ref("int_purchase_orders__lines") }}
        union all
        select
            product_code,
            'bill',
            supplier_id,
            bill_date,
            bill_number,
            bill_id,
            line_number
        from {{ ref("int_bills__lines_that_count") }}
    )

select product_code, source, supplier_id, purchase_date
from purchases
qualify
    row_number() over (
        partition by product_code, source
        order by purchase_date desc, document_number desc, document_id, line_number
    )
    = 1
