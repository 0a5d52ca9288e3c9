-- Only approved sales credit notes cancel a sale. A negative line reduces what the
-- credit note takes back of the same product. A line with a negative price moves no
-- goods.
with
    credit_notes as (select * from {{ ref("stg_credit_notes") }}),

    lines as (select * from {{ ref("stg_credit_note_lines") }}),

    names as (select * from {{ ref("int_products__named_by_lines") }}),

    contacts as (select * from {{ ref("int_contacts__merged") }}),

    named as (

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
            and coalesce(lines.unit_price, 0) >= 0
    ),

    placed as (
        select
            *,
            sum(quantity) over of_product as net,
            sum(greatest(0, quantity)) over (
                partition by credit_note_id, product_code
                order by line_number
                rows unbounded preceding
            )
            - greatest(0, quantity) as before
        from named
        window of_product as (partition by credit_note_id, product_code)
    )

select
    * exclude (net, before, quantity),
    least(quantity, greatest(0, net - before))::decimal(18, 4) as quantity
from placed
where least(quantity, net - before) > 0
