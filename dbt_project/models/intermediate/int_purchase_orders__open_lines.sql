-- DRAFT, SUBMITTED and AUTHORISED orders are open. BILLED and DELETED ones are closed,
-- since a bill has already moved the stock.
select *
from {{ ref("int_purchase_orders__lines") }}
where status in ('DRAFT', 'SUBMITTED', 'AUTHORISED')
