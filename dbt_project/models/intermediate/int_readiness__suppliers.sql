-- Suppliers that a person should look at: archived ones with open orders, those on
-- recent purchase documents that were never loaded as contacts, and those whose orders
-- a person set to another currency than Xero has.
with
    archived as (
        select
            'archived_supplier_with_orders' as problem,
            suppliers.supplier_id as record_id,
            suppliers.supplier_name as name,
            count(distinct orders.purchase_order_number) as occurrences,
            sum(orders.quantity) as quantity,
            sum(
                orders.value::double / nullif(orders.currency_rate, 0)::double
            ) as amount
        from {{ ref("int_stock_on_order__with_arrival_and_value") }} as orders
        inner join
            {{ ref("int_suppliers__named") }} as suppliers
            on orders.supplier_id = suppliers.supplier_id
        where suppliers.is_archived
        group by suppliers.supplier_id, suppliers.supplier_name
    ),

    purchases as (
        select documents.*
        from {{ ref("int_documents__in_xero") }} as documents
        cross join {{ ref("stg_as_of") }} as today
        where
            documents.document_type in ('ACCPAY', 'PURCHASEORDER')
            and documents.status not in ('VOIDED', 'DELETED')
            and documents.document_date > today.as_of_date - 365
            and documents.contact_id != ''
            and exists (select 1 from {{ ref("stg_contacts") }})
            and documents.record_id in (
                select record_id
                from {{ ref("int_documents__items_named") }}
                where known_lines > 0
            )
    )

select *
from archived
union all
select
    'contact_not_loaded',
    purchases.contact_id,
    any_value(purchases.contact_name),
    count(*),
    null,
    sum(purchases.amount)
from purchases
anti join
    {{ ref("stg_contacts") }} as contacts on purchases.contact_id = contacts.contact_id
group by purchases.contact_id
union all
select
    'order_currency_differs',
    suppliers.supplier_id,
    concat(
        coalesce(contacts.contact_name, suppliers.document_name, ''),
        ', ',
        chosen.order_currency,
        ' here, ',
        coalesce(nullif(suppliers.document_currency, ''), contacts.default_currency),
        ' in Xero'
    ),
    1,
    null,
    null
from {{ ref("int_settings__of_suppliers") }} as chosen
inner join
    {{ ref("int_suppliers__currency_and_rate") }} as suppliers
    on chosen.supplier_id = suppliers.supplier_id
left join
    {{ ref("stg_contacts") }} as contacts on suppliers.supplier_id = contacts.contact_id
where
    coalesce(
        nullif(suppliers.document_currency, ''),
        nullif(contacts.default_currency, ''),
        chosen.order_currency
    )
    != chosen.order_currency
