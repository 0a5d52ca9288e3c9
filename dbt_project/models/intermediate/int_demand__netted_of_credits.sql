-- What is left of each sale after credit notes and returns.
with
    left_over as (
        select document_id as invoice_id, line_number, quantity_left
        from {{ ref("int_demand__stacks_of_sales") }}
        where not is_credit
    )

select
    sales.invoice_id,
    sales.line_number,
    sales.invoice_number,
    sales.status,
    sales.contact_id,
    sales.contact_name,
    sales.product_code,
    sales.code_on_line,
    sales.demand_date,
    sales.unit_price,
    sales.currency,
    sales.quantity as sold_quantity,
    coalesce(left_over.quantity_left, sales.quantity)::decimal(18, 4) as quantity
from {{ ref("int_sales__lines_that_count") }} as sales
left join
    left_over
    on sales.invoice_id = left_over.invoice_id
    and sales.line_number = left_over.line_number
