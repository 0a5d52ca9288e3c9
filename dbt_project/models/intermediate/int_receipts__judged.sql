-- Whether a receipt is evidence of the lead time, and if not, why: the one definition
-- for supplier_lead_times and the plan. A bill is a receipt only if it was written when
-- the goods came, and an order only if it was written before.
with
    dated as (select * from {{ ref("int_receipts__dated") }}),

    orders_of_bills as (
        select bill_id, count(distinct order_date) as order_days
        from dated
        group by bill_id
    ),

    of_outliers as (select * from {{ ref("int_receipts__far_outside") }})

select
    dated.*,
    case
        when dated.lead_time_days is null
        then 'no_order_date'
        when dated.bill_date > today.as_of_date
        then 'future'
        when dated.lead_time_days < 0
        then 'before_order'
        when dated.lead_time_days = 0
        then 'same_day'
        when dated.lead_time_days > 728
        then 'years_after_order'
        when not dated.is_half
        then 'part_of_an_order'
        when orders_of_bills.order_days >= 3
        then 'bill_of_many_orders'
        when of_outliers.bill_id is not null
        then 'outlier'
        else ''
    end as no_evidence_reason
from dated
cross join {{ ref("stg_as_of") }} as today
left join orders_of_bills on dated.bill_id = orders_of_bills.bill_id
left join
    of_outliers
    on dated.purchase_order_id = of_outliers.purchase_order_id
    and dated.bill_id = of_outliers.bill_id
    and dated.product_code = of_outliers.product_code
