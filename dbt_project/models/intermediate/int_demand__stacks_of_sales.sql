-- A credit note cancels sales of the same contact and product dated on or before it,
-- the most recent first, at the date of the sale; a remainder is ignored. That is a
-- stack: a sale adds its units on top, a credit note takes units from the top. With c
-- the running sum of all quantities, the height of the stack after an event is h = c -
-- least(0, lowest c so far). What is left of a sale is the part of its layer (height
-- before, height after) that no later event reaches.
with
    events as (select * from {{ ref("int_demand__sales_and_credits") }}),

    summed as (
        select
            *, row_number() over stack as place, sum(quantity) over stack as running_sum
        from events
        window
            stack as (
                partition by contact_id, product_code
                order by
                    event_date, is_credit, document_number, document_id, line_number
                rows unbounded preceding
            )
    ),

    stacked as (
        select
            *,
            running_sum - least(
                0,
                min(running_sum) over (
                    partition by contact_id, product_code
                    order by place
                    rows unbounded preceding
                )
            ) as height
        from summed
    ),

    layers as (
        select
            *,
            coalesce(lag(height) over following, 0) as height_before,
            min(height) over (
                partition by contact_id, product_code
                order by place
                rows between current row and unbounded following
            ) as lowest_height_after
        from stacked
        window following as (partition by contact_id, product_code order by place)
    )

select
    *,
    if(
        is_credit, null, greatest(0, lowest_height_after - height_before)
    ) as quantity_left
from layers
