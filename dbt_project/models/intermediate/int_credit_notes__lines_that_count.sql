-- Only approved sales credit notes cancel a sale.
with
    credit_notes as (select * from {{ ref("stg_credit_notes") }}),

    lines as (select * from {{ ref("stg_credit_note_lines") }}),

    names as (select * from {{ ref("int_products__named_by_lines") }}),

    contacts as (select * from {{ ref("int_contacts__merged") }})

select
    lines.credit_note_id,
    lines.line_number,
    credit_notes.credit_note_number,
    coalesce(contacts.surviving_id, credit_notes.contact_id, '') as contact_id,
    coalesce(names.product_code, lines.product_code) as product_code,
    credit_notes.credit_note_date,
    lines.quantity
from lines
inner join credit_notes on lines.credit_note_id = credit_notes.credit_note_id
left join
    names
    on lines.item_id is not distinct from names.item_id
    and lines.product_code = names.code_on_line
left join contacts on credit_notes.contact_id = contacts.contact_id
where
    credit_notes.credit_note_type = 'ACCRECCREDIT'
    and credit_notes.status in ('AUTHORISED', 'PAID')
    and lines.product_code is not null
    and lines.quantity > 0
