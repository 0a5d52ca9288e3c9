-- Drafts that nobody approved or deleted for more than 30 days: of sales, which are
-- committed and count as demand, and of bills, whose goods are not in stock.
with
    drafts as (
        select
            documents.*,
            date_diff('day', documents.document_date, today.as_of_date) as age_days
        from {{ ref("int_documents__in_xero") }} as documents
        cross join {{ ref("stg_as_of") }} as today
        where
            documents.list = 'invoice'
            and documents.status in ('DRAFT', 'SUBMITTED')
            and date_diff('day', documents.document_date, today.as_of_date) > 30
    )

select
    if(
        drafts.document_type = 'ACCREC', 'old_draft_invoice', 'old_draft_bill'
    ) as problem,
    drafts.record_id,
    drafts.document_number,
    drafts.contact_name as name,
    lines.known_lines as occurrences,
    lines.known_quantity::double as quantity,
    drafts.amount,
    drafts.age_days
from drafts
inner join
    {{ ref("int_documents__items_named") }} as lines
    on drafts.record_id = lines.record_id
where drafts.document_type in ('ACCREC', 'ACCPAY') and lines.known_lines > 0
