-- What moved stock, and when: approved sales and supplier credit notes take it out;
-- approved bills, adjustments and sales credit notes bring it in. Quotes, orders and
-- drafts move nothing. Xero has already moved what is dated after today.
with
    documents as (
        select
            invoice_id as document_id,
            if(invoice_type = 'ACCPAY', 1, -1) as direction,
            invoice_date as document_date
        from {{ ref("stg_invoices") }}
        where
            invoice_type in ('ACCREC', 'ACCPAY')
            and status in ('AUTHORISED', 'PAID', 'ARCHIVED')
        union all
        select
            credit_note_id,
            if(credit_note_type = 'ACCRECCREDIT', 1, -1),
            credit_note_date
        from {{ ref("stg_credit_notes") }}
        where
            credit_note_type in ('ACCRECCREDIT', 'ACCPAYCREDIT')
            and status in ('AUTHORISED', 'PAID', 'ARCHIVED')
    ),

    lines as (
        select invoice_id as document_id, item_id, product_code, quantity
        from {{ ref("stg_invoice_lines") }}
        union all
        select credit_note_id, item_id, product_code, quantity
        from {{ ref("stg_credit_note_lines") }}
    ),

    moved as (
        select
            lines.item_id,
            lines.product_code,
            documents.document_date,
            greatest(0, documents.direction * lines.quantity) as quantity_in,
            greatest(0, - documents.direction * lines.quantity) as quantity_out
        from lines
        inner join documents on lines.document_id = documents.document_id
        where lines.product_code is not null
    )

select
    names.product_code,
    least(moved.document_date, today.as_of_date) as stock_date,
    sum(moved.quantity_in) as quantity_in,
    sum(moved.quantity_out) as quantity_out
from moved
inner join
    {{ ref("int_products__named_by_lines") }} as names
    on moved.item_id is not distinct from names.item_id
    and moved.product_code = names.code_on_line
cross join {{ ref("stg_as_of") }} as today
group by all
