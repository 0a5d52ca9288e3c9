-- Every order line that names a product, of orders that were not deleted. A merged
-- contact is one supplier. Prices and amounts are after discount and without included
-- tax.
with
    purchase_orders as (select * from {{ ref("stg_purchase_orders") }}),

    lines as (select * from {{ ref("stg_purchase_order_lines") }}),

    names as (select * from {{ ref("int_products__named_by_lines") }}),

    contacts as (select * from {{ ref("int_contacts__merged") }})

select
    purchase_orders.purchase_order_id,
    purchase_orders.purchase_order_number,
    purchase_orders.status,
    coalesce(contacts.surviving_id, purchase_orders.contact_id) as supplier_id,
    purchase_orders.contact_name,
    purchase_orders.order_date,
    purchase_orders.delivery_date,
    purchase_orders.expected_arrival_date,
    purchase_orders.currency,
    purchase_orders.currency_rate,
    lines.line_number,
    coalesce(names.product_code, lines.product_code) as product_code,
    lines.quantity,
    try_cast(
        {{ net_amount("lines", "purchase_orders") }} / lines.quantity as decimal(18, 4)
    ) as unit_price,
    try_cast(
        {{ net_amount("lines", "purchase_orders") }} as decimal(18, 2)
    ) as line_amount
from lines
inner join
    purchase_orders on lines.purchase_order_id = purchase_orders.purchase_order_id
left join
    names
    on lines.item_id is not distinct from names.item_id
    and lines.product_code = names.code_on_line
left join contacts on purchase_orders.contact_id = contacts.contact_id
where
    purchase_orders.status in ('DRAFT', 'SUBMITTED', 'AUTHORISED', 'BILLED')
    and lines.product_code is not null
    and lines.quantity > 0
