-- What customers ordered and returned: lines of sales invoices that name a product.
-- Unfulfilled sales count too; voided and deleted ones never do. A line with a negative
-- price returns money and no goods.
with
    invoices as (select * from {{ ref("stg_invoices") }}),

    lines as (select * from {{ ref("stg_invoice_lines") }}),

    names as (select * from {{ ref("int_products__named_by_lines") }}),

    contacts as (select * from {{ ref("int_contacts__merged") }})

select
    lines.invoice_id,
    lines.line_number,
    invoices.invoice_number,
    invoices.status,
    coalesce(contacts.surviving_id, invoices.contact_id, '') as contact_id,
    invoices.contact_name,
    coalesce(names.product_code, lines.product_code) as product_code,
    lines.product_code as code_on_line,
    invoices.invoice_date,
    invoices.currency,
    invoices.currency_rate,
    lines.unit_price,
    lines.quantity
from lines
inner join invoices on lines.invoice_id = invoices.invoice_id
left join
    names
    on lines.item_id is not distinct from names.item_id
    and lines.product_code = names.code_on_line
left join contacts on invoices.contact_id = contacts.contact_id
where
    invoices.invoice_type = 'ACCREC'
    and invoices.status in ('DRAFT', 'SUBMITTED', 'AUTHORISED', 'PAID', 'ARCHIVED')
    and lines.product_code is not null
    and lines.quantity != 0
    and coalesce(lines.unit_price, 0) >= 0
