-- The sales that a credit note or a return may cancel, and the credits themselves with
-- negative quantities.
with
    sales as (select * from {{ ref("int_sales__lines_that_count") }}),

    credits as (
        select
            contact_id,
            product_code,
            credit_note_date,
            credit_note_number,
            credit_note_id,
            line_number,
            quantity,
            false as is_return
        from {{ ref("int_credit_notes__lines_that_count") }}
        union all
        select
            contact_id,
            product_code,
            return_date,
            invoice_number,
            invoice_id,
            line_number,
            quantity,
            true
        from {{ ref("int_sales__returns") }}
    ),

    credited as (select distinct contact_id, product_code from credits),

    events as (
        select
            sales.contact_id,
            sales.product_code,
            false as is_credit,
            false as is_return,
            sales.demand_date as event_date,
            sales.invoice_number as document_number,
            sales.invoice_id as document_id,
            sales.line_number,
            sales.quantity
        from sales
        semi join credited using (contact_id, product_code)
        union all
        select
            contact_id,
            product_code,
            true,
            is_return,
            credit_note_date,
            credit_note_number,
            credit_note_id,
            line_number,
            - quantity
        from credits
    )

select *
from events
