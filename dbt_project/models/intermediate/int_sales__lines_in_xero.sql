-- The lines of Xero's own invoices, by the code and the date on the invoice. A voided
-- invoice stays in Xero's list with its lines; a draft is not an invoice yet. Credit
-- notes have a date of their own.
with
    invoices as (select * from {{ ref("stg_invoices") }}),

    credit_notes as (select * from {{ ref("stg_credit_notes") }})

select
    lines.product_code,
    invoices.invoice_date as document_date,
    lines.quantity,
    invoices.status = 'VOIDED' as is_voided,
    false as is_credit
from {{ ref("stg_invoice_lines") }} as lines
inner join invoices on lines.invoice_id = invoices.invoice_id
where
    invoices.invoice_type = 'ACCREC'
    and invoices.status in ('AUTHORISED', 'PAID', 'ARCHIVED', 'VOIDED')
    and lines.product_code is not null
union all
select lines.product_code, credit_notes.credit_note_date, lines.quantity, false, true
from {{ ref("stg_credit_note_lines") }} as lines
inner join credit_notes on lines.credit_note_id = credit_notes.credit_note_id
where
    credit_notes.credit_note_type = 'ACCRECCREDIT'
    and credit_notes.status in ('AUTHORISED', 'PAID', 'ARCHIVED')
    and lines.product_code is not null
