-- Sales lines that are no demand although Xero's invoices have them: of voided
-- invoices, returns (they cancel the sales before them), and lines with a negative
-- price, which return money and no goods.
with
    invoices as (select * from {{ ref("stg_invoices") }} where invoice_type = 'ACCREC'),

    lines as (select * from {{ ref("stg_invoice_lines") }})

select
    lines.invoice_id,
    lines.line_number,
    lines.product_code,
    invoices.invoice_date as demand_date,
    case
        when invoices.status = 'VOIDED'
        then 'void_not_counted'
        when lines.unit_price < 0
        then 'negative_price'
        else 'taken_back_on_invoice'
    end as reason,
    lines.quantity as xeros
from lines
inner join invoices on lines.invoice_id = invoices.invoice_id
where
    lines.product_code is not null
    and lines.quantity != 0
    and (
        invoices.status = 'VOIDED'
        or (
            invoices.status in ('AUTHORISED', 'PAID', 'ARCHIVED')
            and (lines.quantity < 0 or lines.unit_price < 0)
        )
    )
