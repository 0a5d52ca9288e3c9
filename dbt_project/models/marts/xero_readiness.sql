-- Xero has a page for each document and contact, and one for all products.
with
    problems as (
        select *, '/Accounts/Inventory/' as page
        from {{ ref("int_readiness__settings") }}
        union all by name
        select *, '/Accounts/Inventory/' as page
        from {{ ref("int_readiness__products") }}
        union all by name
        select *, '/Accounts/Inventory/' as page
        from {{ ref("int_readiness__stock_not_reconciled") }}
        union all by name
        select *, '/AccountsReceivable/View.aspx?InvoiceID=' || record_id as page
        from {{ ref("int_readiness__sales_without_product") }}
        union all by name
        select
            * exclude (document_id),
            '/Accounts/Payable/PurchaseOrders/View/' || document_id as page
        from {{ ref("int_readiness__orders") }}
        union all by name
        select
            * exclude (document_id),
            '/Accounts/Payable/PurchaseOrders/'
            || coalesce('View/' || document_id, '') as page
        from {{ ref("int_readiness__approved_orders") }}
        union all by name
        select
            *,
            if(
                problem = 'duplicate_supplier_name', '/Contacts/View/' || record_id, ''
            ) as page
        from {{ ref("int_readiness__organisation") }}
    ),

    organisation as (
        select
            any_value(base_currency) as base_currency,
            any_value(short_code) as short_code
        from {{ ref("stg_organisation") }}
    )

select
    problems.problem,
    problems.record_id,
    problems.product_code,
    problems.document_number,
    problems.name,
    coalesce(problems.occurrences, 1)::bigint as occurrences,
    problems.quantity::double as quantity,
    {{ money("problems.amount") }} as amount,
    organisation.base_currency as currency,
    {{ what_to_do("problems.problem") }} as what_to_do,
    {{ xero_link("organisation.short_code", "", "problems.page") }} as xero_link
from problems
cross join organisation
order by problems.problem, amount desc nulls last, problems.record_id
