-- How much of which sale a credit note or return took: the part of the sale's layer
-- that was still there before the credit, down to the height that the credit left.
with stacks as (select * from {{ ref("int_demand__stacks_of_sales") }})

select
    sales.document_id as invoice_id,
    sales.line_number,
    credits.document_id as credit_note_id,
    credits.line_number as credit_note_line_number,
    credits.event_date as credit_note_date,
    credits.is_return,
    least(sales.height, min(since.height))
    - greatest(sales.height_before, credits.height) as quantity
from stacks as sales
inner join
    stacks as credits
    on sales.contact_id = credits.contact_id
    and sales.product_code = credits.product_code
    and sales.place < credits.place
    and credits.height < sales.height
inner join
    stacks as since
    on sales.contact_id = since.contact_id
    and sales.product_code = since.product_code
    and since.place between sales.place and credits.place - 1
where
    not sales.is_credit
    and credits.is_credit
    and sales.lowest_height_after < sales.height
group by
    sales.document_id,
    sales.line_number,
    sales.height,
    sales.height_before,
    credits.document_id,
    credits.line_number,
    credits.event_date,
    credits.is_return,
    credits.height
having
    least(sales.height, min(since.height))
    > greatest(sales.height_before, credits.height)
