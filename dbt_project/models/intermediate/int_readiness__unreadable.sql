-- Records that cannot be read, with what the plan lacks because of it; an older version
-- that was read still counts.
with
    organisation as (
        select any_value(base_currency) as base_currency
        from {{ ref("stg_organisation") }}
    ),

    stored as (
        select record_id, status
        from {{ ref("int_documents__in_xero") }}
        union all
        select product_id, null
        from {{ ref("stg_products") }}
        union all
        select contact_id, null
        from {{ ref("stg_contacts") }}
    ),

    missing as (
        select
            unreadable.*,
            stored.record_id is not null as has_older_version,
            case
                when unreadable.list = 'Items'
                then 'The product is missing from the plan.'
                when unreadable.list = 'Contacts'
                then 'The contact is missing from the suppliers.'
                when unreadable.status in ('VOIDED', 'DELETED')
                then 'Nothing is missing: it is void in Xero.'
                when unreadable.list = 'PurchaseOrders'
                then 'Its supply is missing from the stock on order.'
                when unreadable.document_type = 'ACCREC'
                then 'Its sales are missing from demand.'
                when unreadable.document_type = 'ACCRECCREDIT'
                then 'The sales that it takes back still count.'
                when unreadable.document_type = 'ACCPAY'
                then 'Its receipts are missing: its order may still count as supply.'
                when unreadable.list = 'Invoices'
                then 'Its sales or its receipts are missing.'
                else 'What it takes back still counts.'
            end as what_is_missing
        from {{ ref("stg_quarantined_records") }} as unreadable
        left join stored on unreadable.record_id = stored.record_id
    )

select
    'unreadable_record' as problem,
    missing.record_id,
    nullif(missing.document_number, '') as document_number,
    missing.name,
    if(
        missing.has_older_version,
        'Its older version still counts.',
        missing.what_is_missing
    ) as effect,
    missing.version,
    {{
        in_base_currency(
            "missing.total",
            "missing.currency",
            "missing.currency_rate",
            "organisation.base_currency",
        )
    }} as amount,
    case
        when missing.list = 'Contacts'
        then '/Contacts/View/' || missing.record_id
        when missing.list = 'PurchaseOrders'
        then '/Accounts/Payable/PurchaseOrders/View/' || missing.record_id
        when missing.list = 'Invoices' and missing.document_type = 'ACCPAY'
        then '/AccountsPayable/View.aspx?InvoiceID=' || missing.record_id
        when missing.list = 'Invoices'
        then '/AccountsReceivable/View.aspx?InvoiceID=' || missing.record_id
        when missing.list = 'Items'
        then '/Accounts/Inventory/'
        else ''
    end as page
from missing
cross join organisation
