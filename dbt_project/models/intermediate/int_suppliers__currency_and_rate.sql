-- The currency in which a supplier is paid and its latest known rate, from the
-- supplier's latest order or bill.
with
    documents as (
        select
            contact_id,
            contact_name,
            order_date as document_date,
            currency,
            currency_rate,
            purchase_order_number as document_number,
            purchase_order_id as document_id,
            true as is_order
        from {{ ref("stg_purchase_orders") }}
        where status != 'DELETED'
        union all
        select
            contact_id,
            contact_name,
            invoice_date,
            currency,
            currency_rate,
            invoice_number,
            invoice_id,
            false
        from {{ ref("stg_invoices") }}
        where
            invoice_type = 'ACCPAY'
            and status in ('AUTHORISED', 'PAID', 'ARCHIVED')
            and total != 0
    )

select
    coalesce(contacts.surviving_id, documents.contact_id) as supplier_id,
    arg_max(
        documents.contact_name,
        (documents.document_date, documents.document_number, documents.document_id)
    ) as document_name,
    arg_max(
        documents.currency,
        (
            documents.is_order,
            documents.document_date,
            documents.document_number,
            documents.document_id
        )
    ) as currency,
    arg_max(
        documents.currency_rate,
        (
            documents.is_order,
            documents.document_date,
            documents.document_number,
            documents.document_id
        )
    ) as currency_rate,
    max(documents.document_date) filter (where documents.is_order) as last_order_date
from documents
left join
    {{ ref("int_contacts__merged") }} as contacts
    on documents.contact_id = contacts.contact_id
where documents.contact_id is not null
group by all
