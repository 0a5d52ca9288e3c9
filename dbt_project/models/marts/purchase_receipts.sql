select
    purchase_order_number,
    line_number,
    product_code,
    supplier_id,
    order_date,
    promised_date,
    bill_date as received_date,
    quantity::double as quantity,
    lead_time_days,
    days_late,
    confidence,
    order_status,
    bill_number,
    purchase_order_id,
    bill_id,
    bill_line_number,
    no_evidence_reason = '' as is_evidence,
    no_evidence_reason
from {{ ref("int_receipts__judged") }}
order by
    order_date, purchase_order_number, line_number, bill_date, bill_id, bill_line_number
