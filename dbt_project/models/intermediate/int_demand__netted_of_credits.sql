-- A credit note cancels sales of the same contact and product dated on or before it,
-- the most recent first, at the
-- date of the sale; a remainder that matches nothing is ignored.
-- That is a stack: a sale puts its pieces on top, a credit note takes pieces from the
-- top. With c the running sum of
-- what is put and taken, the stack's height after an event is h = c - least(0, lowest
-- c so far), and what is left of a
-- sale is the part of its layer (height before, height after) that no later event
-- reaches down into.
with
    sales as (select * from {{ ref("int_sales__lines_that_count") }}),

    credits as (select * from {{ ref("int_credit_notes__lines_that_count") }}),

    credited as (select distinct contact_id, product_code from credits),

    events as (
        select
            sales.contact_id,
            sales.product_code,
            sales.invoice_id,
            sales.line_number,
            sales.demand_date as event_date,
            0 as is_credit,
            sales.invoice_number as document_number,
            sales.invoice_id as document_id,
            sales.quantity
        from sales
        inner join
            credited
            on sales.contact_id = credited.contact_id
            and sales.product_code = credited.product_code
        union all
        select
            contact_id,
            product_code,
            null,
            line_number,
            credit_note_date,
            1,
            credit_note_number,
            credit_note_id,
            - quantity
        from credits
    ),

    summed as (
        select
            *,
            sum(quantity) over stack as running_sum,
            row_number() over stack as event_number
        from events
        window
            stack as (
                partition by contact_id, product_code
                order by
                    event_date, is_credit, document_number, document_id, line_number
                rows unbounded preceding
            )
    ),

    lowest as (
        select
            *,
            least(
                0,
                min(running_sum) over (
                    partition by contact_id, product_code
                    order by event_number
                    rows unbounded preceding
                )
            ) as lowest_sum
        from summed
    ),

    heights as (
        select
            *,
            running_sum - lowest_sum as height,
            coalesce(lag(running_sum - lowest_sum) over following, 0) as height_before
        from lowest
        window
            following as (partition by contact_id, product_code order by event_number)
    ),

    left_over as (
        select
            invoice_id,
            line_number,
            greatest(
                0,
                min(height) over (
                    partition by contact_id, product_code
                    order by event_number
                    rows between current row and unbounded following
                )
                - height_before
            ) as quantity
        from heights
    )

select
    sales.invoice_id,
    sales.line_number,
    sales.product_code,
    sales.demand_date,
    sales.quantity as sold_quantity,
    coalesce(left_over.quantity, sales.quantity)::decimal(18, 4) as quantity
from sales
left join
    left_over
    on sales.invoice_id = left_over.invoice_id
    and sales.line_number = left_over.line_number
