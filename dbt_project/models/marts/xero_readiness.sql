-- Xero has a page for each document and contact, and one for all products. What a
-- person dismissed stays dismissed until the record changes.
with
    problems as (
        select *, '/Accounts/Inventory/' as page, '' as version
        from {{ ref("int_readiness__settings") }}
        union all by name
        select
            *,
            '/Accounts/Inventory/' as page,
            if(problem = 'negative_stock', quantity::varchar, '') as version
        from {{ ref("int_readiness__products") }}
        union all by name
        select *, '/Accounts/Inventory/' as page, '' as version
        from {{ ref("int_readiness__stock_not_reconciled") }}
        union all by name
        select *
        from {{ ref("int_readiness__in_documents") }}
        union all by name
        select *, '/Contacts/View/' || record_id as page, '' as version
        from {{ ref("int_readiness__suppliers") }}
        union all by name
        select
            * exclude (document_id),
            '/Accounts/Payable/PurchaseOrders/'
            || coalesce('View/' || document_id, '') as page,
            md5(coalesce(name, '')) as version
        from {{ ref("int_readiness__approved_orders") }}
        union all by name
        select
            *,
            if(
                problem = 'duplicate_supplier_name', '/Contacts/View/' || record_id, ''
            ) as page,
            if(problem = 'duplicate_supplier_name', '', null) as version
        from {{ ref("int_readiness__organisation") }}
    ),

    organisation as (
        select
            any_value(base_currency) as base_currency,
            any_value(short_code) as short_code
        from {{ ref("stg_organisation") }}
    ),

    dismissed as (
        select * from {{ ref("stg_exception_decisions") }} where decision = 'dismissed'
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
    problems.age_days::bigint as age_days,
    coalesce(problems.effect, {{ what_it_means("problems.problem") }}) as effect,
    {{ what_to_do("problems.problem") }} as what_to_do,
    {{ xero_link("organisation.short_code", "", "problems.page") }} as xero_link,
    problems.version,
    dismissed.record_id is not null as is_dismissed,
    dismissed.decided_by as dismissed_by,
    dismissed.reason as dismissed_reason
from problems
left join
    dismissed
    on problems.problem = dismissed.problem
    and problems.record_id = dismissed.record_id
    and problems.version = dismissed.version
cross join organisation
order by problems.problem, amount desc nulls last, problems.record_id
