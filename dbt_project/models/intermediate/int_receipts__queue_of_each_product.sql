-- What no order number has matched: orders queue by supplier and product, and bills
-- serve the queue. With c the running sum of ordered minus billed units, a bill that
-- finds too little in the queue takes c to a new negative low: by that much it delivers
-- no order.
with
    events as (select * from {{ ref("int_receipts__not_settled_by_number") }}),

    summed as (
        select
            *, row_number() over queue as place, sum(quantity) over queue as running_sum
        from events
        window
            queue as (
                partition by supplier_id, product_code
                order by event_date, is_bill, document_number, document_id, line_number
                rows unbounded preceding
            )
    ),

    lowest as (
        select
            *,
            least(
                0,
                min(running_sum) over (
                    partition by supplier_id, product_code
                    order by place
                    rows unbounded preceding
                )
            ) as lowest_sum
        from summed
    ),

    served as (
        select
            * exclude (quantity),
            abs(quantity)
            - coalesce(lag(lowest_sum) over queue, 0)
            + lowest_sum as quantity
        from lowest
        window queue as (partition by supplier_id, product_code order by place)
    )

select *
from served
