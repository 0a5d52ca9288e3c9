-- Orders that are not closed: DRAFT, SUBMITTED and AUTHORISED. BILLED and DELETED are
-- closed, for a bill has already moved the stock.
select *
from {{ ref("int_purchase_orders__lines") }}
where status in ('DRAFT', 'SUBMITTED', 'AUTHORISED')
