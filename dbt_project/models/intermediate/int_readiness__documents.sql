-- Documents that the rules cannot use as they are: with an unknown status or type, in a
-- foreign currency without a rate, or with lines that name an unknown item. Sales
-- invoices that name one are in int_readiness__sales_without_product.
with
    documents as (
        select
            documents.*,
            date_diff('day', documents.document_date, today.as_of_date) as age_days
        from {{ ref("int_documents__in_xero") }} as documents
        cross join {{ ref("stg_as_of") }} as today
    ),

    judged as (
        select
            documents.*,
            coalesce(
                documents.status in (
                    'DRAFT',
                    'SUBMITTED',
                    'AUTHORISED',
                    if(documents.list = 'purchase_order', 'BILLED', 'PAID'),
                    if(documents.list = 'purchase_order', 'BILLED', 'ARCHIVED'),
                    if(documents.list = 'purchase_order', 'BILLED', 'VOIDED'),
                    'DELETED'
                ),
                false
            ) as is_status_known,
            documents.document_type in (
                'ACCREC',
                'ACCPAY',
                'ACCRECCREDIT',
                'ACCPAYCREDIT',
                'APCREDIT',
                'APPREPAYMENT',
                'APOVERPAYMENT',
                'ARCREDIT',
                'ARPREPAYMENT',
                'AROVERPAYMENT',
                'PURCHASEORDER'
            ) as is_type_known,
            documents.status not in ('VOIDED', 'DELETED') as is_in_force,
            lines.known_lines,
            lines.unknown_lines,
            lines.unknown_quantity,
            documents.amount
            * lines.unknown_total
            / nullif(documents.total, 0)::double as unknown_amount
        from documents
        left join
            {{ ref("int_documents__items_named") }} as lines
            on documents.record_id = lines.record_id
    ),

    problems as (
        select 'unknown_status' as problem, 1 as occurrences, null as quantity, *
        from judged
        where not is_status_known
        union all
        select 'unknown_type', 1, null, *
        from judged
        where not is_type_known
        union all
        select 'foreign_amount_without_rate', known_lines, null, *
        from judged
        where is_without_rate and is_in_force and known_lines > 0
        union all
        select 'line_names_no_item', unknown_lines, unknown_quantity, *
        from judged
        where
            is_in_force
            and unknown_lines > 0
            and document_type != 'ACCREC'
            and if(
                list = 'purchase_order',
                status in ('DRAFT', 'SUBMITTED', 'AUTHORISED'),
                age_days < 365
            )
    )

select
    problem,
    record_id,
    document_number,
    contact_name as name,
    occurrences,
    quantity::double as quantity,
    if(problem = 'line_names_no_item', unknown_amount, amount) as amount,
    age_days
from problems
