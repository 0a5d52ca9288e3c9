-- Credit notes of the last year that take back more than was sold: what matches no sale
-- of the same contact and product on or before their date is ignored.
with
    cancelled as (
        select
            credit_note_id,
            credit_note_line_number as line_number,
            sum(quantity) as quantity
        from {{ ref("int_demand__sales_cancelled_by_credits") }}
        group by all
    ),

    unmatched as (
        select
            lines.credit_note_id,
            lines.line_number,
            lines.product_code,
            lines.credit_note_date,
            lines.quantity - coalesce(cancelled.quantity, 0) as quantity
        from {{ ref("int_credit_notes__lines_that_count") }} as lines
        left join
            cancelled
            on lines.credit_note_id = cancelled.credit_note_id
            and lines.line_number = cancelled.line_number
    ),

    credit_notes as (
        select * from {{ ref("int_documents__in_xero") }} where list = 'credit_note'
    )

select
    'credit_note_unmatched' as problem,
    credit_notes.record_id,
    any_value(credit_notes.document_number) as document_number,
    any_value(credit_notes.contact_name) as name,
    count(*) as occurrences,
    sum(unmatched.quantity)::double as quantity,
    sum(
        unmatched.quantity::double
        * lines.unit_price::double
        * credit_notes.amount
        / nullif(credit_notes.total, 0)::double
    ) as amount,
    any_value(
        date_diff('day', unmatched.credit_note_date, today.as_of_date)
    ) as age_days
from unmatched
inner join credit_notes on unmatched.credit_note_id = credit_notes.record_id
inner join
    {{ ref("stg_credit_note_lines") }} as lines
    on unmatched.credit_note_id = lines.credit_note_id
    and unmatched.line_number = lines.line_number
inner join
    {{ ref("stg_products") }} as products
    on unmatched.product_code = products.product_code
cross join {{ ref("stg_as_of") }} as today
where unmatched.quantity > 0 and unmatched.credit_note_date > today.as_of_date - 365
group by credit_notes.record_id
