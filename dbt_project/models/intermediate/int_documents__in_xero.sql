-- Every document of Xero, whatever its type and status, with its total in base
-- currency.
with
    organisation as (
        select any_value(base_currency) as base_currency
        from {{ ref("stg_organisation") }}
    ),

    documents as (
        select
            'invoice' as list,
            invoice_id as record_id,
            invoice_type as document_type,
            invoice_number as document_number,
            invoice_date as document_date,
            * exclude (invoice_id, invoice_type, invoice_number, invoice_date, due_date)
        from {{ ref("stg_invoices") }}
        union all by name
        select
            'credit_note' as list,
            credit_note_id as record_id,
            credit_note_type as document_type,
            credit_note_number as document_number,
            credit_note_date as document_date,
            * exclude (
                credit_note_id, credit_note_type, credit_note_number, credit_note_date
            )
        from {{ ref("stg_credit_notes") }}
        union all by name
        select
            'purchase_order' as list,
            purchase_order_id as record_id,
            'PURCHASEORDER' as document_type,
            purchase_order_number as document_number,
            order_date as document_date,
            * exclude (
                purchase_order_id,
                purchase_order_number,
                order_date,
                delivery_date,
                expected_arrival_date
            )
        from {{ ref("stg_purchase_orders") }}
    )

select
    documents.list,
    documents.record_id,
    documents.document_type,
    documents.document_number,
    documents.document_date,
    documents.status,
    documents.contact_id,
    documents.contact_name,
    documents.currency,
    documents.currency_rate,
    documents.total,
    documents.updated_at,
    {{
        rate_to_base(
            "documents.currency",
            "documents.currency_rate",
            "organisation.base_currency",
        )
    }} is null as is_without_rate,
    {{
        in_base_currency(
            "documents.total",
            "documents.currency",
            "documents.currency_rate",
            "organisation.base_currency",
        )
    }} as amount
from documents
cross join organisation
