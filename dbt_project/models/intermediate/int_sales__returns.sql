-- Negative lines of sales invoices that count: what came back, or will with a draft.
-- None with the setting `returns_handling` = `ignore`.
with
    handling as (
        select coalesce(any_value(value), 'net') as returns_handling
        from {{ ref("stg_planning_settings") }}
        where name = 'returns_handling' and level = 'global'
    ),

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
    coalesce(names.product_code, lines.product_code) as product_code,
    invoices.invoice_date as return_date,
    - lines.quantity as quantity
from lines
inner join invoices on lines.invoice_id = invoices.invoice_id
left join
    names
    on lines.item_id is not distinct from names.item_id
    and lines.product_code = names.code_on_line
left join contacts on invoices.contact_id = contacts.contact_id
cross join handling
where
    handling.returns_handling = 'net'
    and invoices.invoice_type = 'ACCREC'
    and invoices.status in ('DRAFT', 'SUBMITTED', 'AUTHORISED', 'PAID', 'ARCHIVED')
    and lines.product_code is not null
    and lines.quantity < 0
    and coalesce(lines.unit_price, 0) >= 0
