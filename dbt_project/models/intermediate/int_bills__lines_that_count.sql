-- What suppliers have delivered and billed. Prices and amounts are after discount and
-- without included tax. A bill with a total of 0 is a stock adjustment in Xero: no
-- purchase, no receipt, no evidence of a lead time.
with
    bills as (select * from {{ ref("stg_invoices") }}),

    lines as (select * from {{ ref("stg_invoice_lines") }}),

    names as (select * from {{ ref("int_products__named_by_lines") }}),

    contacts as (select * from {{ ref("int_contacts__merged") }})

select
    lines.invoice_id as bill_id,
    bills.invoice_number as bill_number,
    bills.reference,
    coalesce(contacts.surviving_id, bills.contact_id) as supplier_id,
    bills.contact_name,
    bills.invoice_date as bill_date,
    bills.currency,
    bills.currency_rate,
    lines.line_number,
    coalesce(names.product_code, lines.product_code) as product_code,
    lines.quantity,
    try_cast(
        {{ net_amount("lines", "bills") }} / lines.quantity as decimal(18, 4)
    ) as unit_price,
    try_cast({{ net_amount("lines", "bills") }} as decimal(18, 2)) as line_amount
from lines
inner join bills on lines.invoice_id = bills.invoice_id
left join
    names
    on lines.item_id is not distinct from names.item_id
    and lines.product_code = names.code_on_line
left join contacts on bills.contact_id = contacts.contact_id
where
    bills.invoice_type = 'ACCPAY'
    and bills.status in ('AUTHORISED', 'PAID', 'ARCHIVED')
    and bills.total != 0
    and lines.product_code is not null
    and lines.quantity > 0
