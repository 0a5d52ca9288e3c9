-- Orders approved here that Xero refused, deleted or no longer has: they are no supply.
-- A deleted order is listed for thirty days, the others until a person acts.
with
    ledger as (select * from {{ ref("stg_ledger_order_lines") }}),

    missing as (
        select distinct order_id
        from {{ ref("int_stock_on_order__approved_not_sent") }}
        where rule = 'missing_in_xero'
    ),

    deleted as (
        select ours.order_id, ours.purchase_order_id
        from {{ ref("int_purchase_orders__ours") }} as ours
        inner join
            {{ ref("stg_purchase_orders") }} as purchase_orders
            on ours.purchase_order_id = purchase_orders.purchase_order_id
        cross join {{ ref("stg_as_of") }} as today
        where
            ours.status = 'DELETED'
            and purchase_orders.updated_at::date > today.as_of_date - 30
    ),

    organisation as (
        select any_value(base_currency) as base_currency
        from {{ ref("stg_organisation") }}
    )

select
    case
        when any_value(ledger.state) = 'failed'
        then 'order_refused_by_xero'
        when count(missing.order_id) > 0
        then 'sent_order_missing_in_xero'
        else 'sent_order_deleted_in_xero'
    end as problem,
    ledger.purchase_order_number as record_id,
    any_value(deleted.purchase_order_id) as document_id,
    null::varchar as product_code,
    ledger.purchase_order_number as document_number,
    concat_ws(
        ': ', any_value(ledger.supplier_name), nullif(any_value(ledger.failure), '')
    ) as name,
    count(*) as occurrences,
    sum(ledger.quantity) as quantity,
    sum(
        ledger.quantity::double
        * ledger.unit_cost::double
        / case
            when ledger.currency = organisation.base_currency
            then 1
            when rates.currency = ledger.currency
            then nullif(rates.currency_rate, 0)
        end
    ) as amount
from ledger
left join missing on ledger.order_id = missing.order_id
left join deleted on ledger.order_id = deleted.order_id
left join
    {{ ref("int_suppliers__currency_and_rate") }} as rates
    on ledger.supplier_id = rates.supplier_id
cross join organisation
where
    ledger.state = 'failed'
    or missing.order_id is not null
    or deleted.order_id is not null
group by ledger.order_id, ledger.purchase_order_number
