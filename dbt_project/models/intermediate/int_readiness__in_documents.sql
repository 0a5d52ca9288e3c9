-- The problems of documents, each with its page in Xero and the document's version: a
-- person dismisses a problem in that version only.
with
    documents as (select * from {{ ref("int_documents__in_xero") }}),

    problems as (
        select *
        from {{ ref("int_readiness__documents") }}
        union all by name
        select *
        from {{ ref("int_readiness__drafts") }}
        union all by name
        select *
        from {{ ref("int_readiness__credit_notes") }}
        union all by name
        select *, record_id as document_id
        from {{ ref("int_readiness__sales_without_product") }}
        union all by name
        select *
        from {{ ref("int_readiness__orders") }}
    )

select
    problems.* exclude (document_id),
    coalesce(documents.updated_at::varchar, '') as version,
    case
        when documents.list = 'purchase_order'
        then '/Accounts/Payable/PurchaseOrders/View/' || documents.record_id
        when documents.document_type in ('ACCPAY', 'ACCPAYCREDIT')
        then '/AccountsPayable/View.aspx?InvoiceID=' || documents.record_id
        else '/AccountsReceivable/View.aspx?InvoiceID=' || documents.record_id
    end as page
from problems
left join
    documents
    on coalesce(problems.document_id, problems.record_id) = documents.record_id
union all by name
select *
from {{ ref("int_readiness__unreadable") }}
