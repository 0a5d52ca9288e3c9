-- The currency in which a supplier is paid: the setting, else from its latest order,
-- else its latest bill; and the latest known rate of that currency on its documents:
-- never another
-- currency's.
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
    ),

    of_suppliers as (
        select
            coalesce(contacts.surviving_id, documents.contact_id) as supplier_id,
            documents.* exclude (contact_id),
            (
                documents.is_order,
                documents.document_date,
                documents.document_number,
                documents.document_id
            ) as place
        from documents
        left join
            {{ ref("int_contacts__merged") }} as contacts
            on documents.contact_id = contacts.contact_id
        where documents.contact_id is not null
    ),

    documented as (
        select
            supplier_id,
            arg_max(
                contact_name, (document_date, document_number, document_id)
            ) as document_name,
            arg_max(currency, place) as currency,
            max(document_date) filter (where is_order) as last_order_date
        from of_suppliers
        group by supplier_id
    ),

    suppliers as (
        select
            coalesce(documented.supplier_id, chosen.supplier_id) as supplier_id,
            documented.document_name,
            coalesce(chosen.order_currency, documented.currency) as currency,
            documented.currency as document_currency,
            documented.last_order_date
        from documented
        full join
            {{ ref("int_settings__of_suppliers") }} as chosen
            on documented.supplier_id = chosen.supplier_id
    )

select
    suppliers.supplier_id,
    suppliers.document_name,
    suppliers.currency,
    suppliers.document_currency,
    arg_max(of_suppliers.currency_rate, of_suppliers.place) filter (
        where
            of_suppliers.currency = suppliers.currency
            and of_suppliers.currency_rate > 0
    ) as currency_rate,
    suppliers.last_order_date
from suppliers
left join of_suppliers on suppliers.supplier_id = of_suppliers.supplier_id
group by all
