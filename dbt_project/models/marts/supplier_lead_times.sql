-- The receipts that the plan estimates lead times from: the evidence of the two years
-- before its day.
with
    receipts as (
        select judged.*
        from {{ ref("int_receipts__judged") }} as judged
        cross join {{ ref("stg_as_of") }} as today
        where
            judged.bill_date >= today.as_of_date - 728
            and judged.bill_date < today.as_of_date
            and judged.no_evidence_reason = ''
    )

select
    receipts.supplier_id,
    any_value(suppliers.supplier_name) as supplier_name,
    count(*) as receipts,
    count(*) filter (where receipts.confidence = 'exact') as exact_receipts,
    count(distinct receipts.purchase_order_id) as orders,
    round(median(receipts.lead_time_days), 2)::double as median_lead_time_days,
    round(quantile_cont(receipts.lead_time_days, 0.9), 2)::double as p90_lead_time_days,
    count(receipts.days_late) as promised_receipts,
    count(*) filter (where receipts.days_late > 0) as late_receipts,
    round(median(receipts.days_late), 2)::double as median_days_late,
    round(quantile_cont(receipts.days_late, 0.9), 2)::double as p90_days_late,
    max(receipts.bill_date) as last_received_date
from receipts
inner join
    {{ ref("int_suppliers__named") }} as suppliers
    on receipts.supplier_id = suppliers.supplier_id
group by receipts.supplier_id
order by receipts.supplier_id
