-- The latest purchase order line and the latest bill line of each product: who sold
-- it, at what price.
-- A bill that totals nothing is a stock adjustment and no purchase.
with
    order_lines as (
        select
            lines.product_code,
            'purchase_order' as source,
            orders.contact_id,
            orders.contact_name,
            orders.order_date as purchase_date,
            orders.currency,
            orders.currency_rate,
            lines.unit_price,
            orders.purchase_order_number as document_number,
            lines.line_number
        from {{ ref("stg_purchase_order_lines") }} as lines
        inner join
            {{ ref("stg_purchase_orders") }} as orders
            on lines.purchase_order_id = orders.purchase_order_id
        where orders.status != 'DELETED' and lines.product_code is not null
    ),

    bill_lines as (
        select
            lines.product_code,
            'bill' as source,
            bills.contact_id,
            bills.contact_name,
            bills.invoice_date as purchase_date,
            bills.currency,
            bills.currency_rate,
            lines.unit_price,
            bills.invoice_number as document_number,
            lines.line_number
        from {{ ref("stg_invoice_lines") }} as lines
        inner join
            {{ ref("stg_invoices") }} as bills on lines.invoice_id = bills.invoice_id
        where
            bills.invoice_type = 'ACCPAY'
            and bills.status in ('AUTHORISED', 'PAID', 'ARCHIVED')
            and bills.total != 0
            and lines.product_code is not null
    ),

    purchases as (
        from order_lines
        union all
        from bill_lines
    )

select
    purchases.product_code,
    purchases.source,
    coalesce(contacts.surviving_id, purchases.contact_id) as supplier_id,
    purchases.contact_name as supplier_name,
    purchases.purchase_date,
    purchases.currency,
    purchases.currency_rate,
    purchases.unit_price
from purchases
left join
    {{ ref("int_contacts__merged") }} as contacts
    on purchases.contact_id = contacts.contact_id
qualify
    row_number() over (
        partition by purchases.product_code, purchases.source
        order by
            purchases.purchase_date desc,
            purchases.document_number desc,
            purchases.line_number
    )
    = 1
