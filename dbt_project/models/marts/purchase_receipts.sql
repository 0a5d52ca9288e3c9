with
    matches as (select * from {{ ref("int_receipts__matched") }}),

    ordered as (select * from {{ ref("int_purchase_orders__lines") }}),

    billed as (select * from {{ ref("int_bills__lines_that_count") }}),

    judged as (select * from {{ ref("int_receipts__judged") }})

select
    ordered.purchase_order_number,
    ordered.line_number,
    ordered.product_code,
    ordered.supplier_id,
    ordered.order_date,
    coalesce(ordered.expected_arrival_date, ordered.delivery_date) as promised_date,
    billed.bill_date as received_date,
    matches.quantity::double as quantity,
    (billed.bill_date - ordered.order_date)::integer as lead_time_days,
    (billed.bill_date - promised_date)::integer as days_late,
    matches.confidence,
    ordered.status as order_status,
    billed.bill_number,
    matches.purchase_order_id,
    matches.bill_id,
    matches.bill_line_number,
    judged.no_evidence_reason = '' as is_evidence,
    judged.no_evidence_reason
from matches
inner join
    ordered
    on matches.purchase_order_id = ordered.purchase_order_id
    and matches.line_number = ordered.line_number
inner join
    billed
    on matches.bill_id = billed.bill_id
    and matches.bill_line_number = billed.line_number
inner join
    judged
    on matches.purchase_order_id = judged.purchase_order_id
    and matches.line_number = judged.line_number
    and matches.bill_id = judged.bill_id
    and matches.bill_line_number = judged.bill_line_number
order by
    ordered.order_date,
    ordered.purchase_order_number,
    ordered.line_number,
    billed.bill_date,
    matches.bill_id,
    matches.bill_line_number
