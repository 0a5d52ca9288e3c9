-- Orders that are not closed: DRAFT, SUBMITTED and AUTHORISED. BILLED and DELETED are
-- closed, for a bill has already
-- moved the stock.
with
    purchase_orders as (select * from {{ ref("stg_purchase_orders") }}),

    lines as (select * from {{ ref("stg_purchase_order_lines") }})

select
    purchase_orders.purchase_order_id,
    purchase_orders.purchase_order_number,
    purchase_orders.status,
    purchase_orders.contact_id,
    purchase_orders.contact_name,
    purchase_orders.order_date,
    purchase_orders.delivery_date,
    purchase_orders.expected_arrival_date,
    purchase_orders.currency,
    purchase_orders.currency_rate,
    lines.line_number,
    lines.product_code,
    lines.quantity,
    lines.unit_price
from lines
inner join
    purchase_orders on lines.purchase_order_id = purchase_orders.purchase_order_id
where
    purchase_orders.status in ('DRAFT', 'SUBMITTED', 'AUTHORISED')
    and lines.product_code is not null
    and lines.quantity > 0
