-- Credit notes of the last year, and returns on invoices, that take back more than was
-- sold: units without a sale of the same contact and product on or before their date
-- are ignored.
with
    taken_back as (
        select
            'credit_note_unmatched' as problem,
            lines.credit_note_id as record_id,
            lines.line_number,
            lines.product_code,
            lines.quantity,
            priced.unit_price
        from {{ ref("int_credit_notes__lines_that_count") }} as lines
        inner join
            {{ ref("stg_credit_note_lines") }} as priced
            on lines.credit_note_id = priced.credit_note_id
            and lines.line_number = priced.line_number
        union all
        select
            'return_unmatched',
            lines.invoice_id,
            lines.line_number,
            lines.product_code,
            lines.quantity,
            priced.unit_price
        from {{ ref("int_sales__returns") }} as lines
        inner join
            {{ ref("stg_invoice_lines") }} as priced
            on lines.invoice_id = priced.invoice_id
            and lines.line_number = priced.line_number
    ),

    cancelled as (
        select
            credit_note_id as record_id,
            credit_note_line_number as line_number,
            sum(quantity) as quantity
        from {{ ref("int_demand__sales_cancelled_by_credits") }}
        group by all
    ),

    unmatched as (
        select
            taken_back.* exclude (quantity),
            taken_back.quantity - coalesce(cancelled.quantity, 0) as quantity
        from taken_back
        inner join
            {{ ref("stg_products") }} as products
            on taken_back.product_code = products.product_code
        left join
            cancelled
            on taken_back.record_id = cancelled.record_id
            and taken_back.line_number = cancelled.line_number
    )

select
    unmatched.problem,
    unmatched.record_id,
    any_value(documents.document_number) as document_number,
    any_value(documents.contact_name) as name,
    count(*) as occurrences,
    sum(unmatched.quantity)::double as quantity,
    sum(
        {{
            in_base_currency(
                "(unmatched.quantity::double * unmatched.unit_price::double)",
                "documents.currency",
                "documents.currency_rate",
                "organisation.base_currency",
            )
        }}
    ) as amount,
    any_value(date_diff('day', documents.document_date, today.as_of_date)) as age_days
from unmatched
inner join
    {{ ref("int_documents__in_xero") }} as documents
    on unmatched.record_id = documents.record_id
cross join {{ ref("stg_as_of") }} as today
cross join
    (
        select any_value(base_currency) as base_currency
        from {{ ref("stg_organisation") }}
    ) as organisation
where unmatched.quantity > 0 and documents.document_date > today.as_of_date - 365
group by unmatched.problem, unmatched.record_id
