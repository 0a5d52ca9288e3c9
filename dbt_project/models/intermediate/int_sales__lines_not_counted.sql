-- Sales lines that are no demand although Xero's invoices have them: of voided
-- invoices,
-- and those that take back on an invoice.
with
    invoices as (select * from {{ ref("stg_invoices") }} where invoice_type = 'ACCREC'),

    lines as (select * from {{ ref("stg_invoice_lines") }})

select
    lines.invoice_id,
    lines.line_number,
    lines.product_code,
    invoices.invoice_date as demand_date,
    if(
        invoices.status = 'VOIDED', 'void_not_counted', 'taken_back_on_invoice'
    ) as reason,
    lines.quantity as xeros
from lines
inner join invoices on lines.invoice_id = invoices.invoice_id
where
    lines.product_code is not null
    and (
        invoices.status = 'VOIDED'
        or (
            invoices.status in ('AUTHORISED', 'PAID', 'ARCHIVED') and lines.quantity < 0
        )
    )
