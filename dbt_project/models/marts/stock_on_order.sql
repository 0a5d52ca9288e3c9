with
    in_xero as (
        select * from {{ ref("int_stock_on_order__late_orders_do_not_count") }}
    ),

    approved as (select * from {{ ref("int_stock_on_order__approved_not_sent") }}),

    settings as (
        select * from {{ ref("stg_planning_settings") }} where name = 'lead_time_days'
    ),

    lines as (
        select
            in_xero.purchase_order_number,
            in_xero.product_code,
            in_xero.quantity,
            in_xero.order_date,
            in_xero.delivery_date,
            in_xero.expected_arrival_date,
            in_xero.rule,
            in_xero.line_number,
            in_xero.status,
            in_xero.supplier_id,
            in_xero.contact_name as document_name,
            in_xero.unit_price,
            in_xero.currency,
            in_xero.currency_rate
        from in_xero
        union all
        select
            approved.purchase_order_number,
            approved.product_code,
            approved.quantity,
            approved.approved_date,
            null,
            approved.expected_arrival_date,
            approved.rule,
            approved.line_number,
            upper(approved.state),
            approved.supplier_id,
            null,
            approved.unit_cost,
            approved.currency,
            rates.currency_rate
        from approved
        left join
            {{ ref("int_suppliers__currency_and_rate") }} as rates
            on approved.supplier_id = rates.supplier_id
    )

select
    lines.purchase_order_number,
    lines.product_code,
    lines.quantity::double as quantity,
    coalesce(
        lines.expected_arrival_date,
        lines.delivery_date,
        lines.order_date + coalesce(own.value, theirs.value, everybodys.value)::integer
    )::date as expected_arrival_date,
    lines.rule != 'late' as is_counted,
    lines.rule,
    lines.line_number,
    lines.status,
    lines.supplier_id,
    coalesce(contacts.contact_name, lines.document_name, '') as supplier_name,
    lines.order_date,
    lines.delivery_date,
    round(lines.quantity::double * coalesce(lines.unit_price, 0)::double, 2)::decimal(
        18, 2
    ) as value,
    lines.currency,
    case
        when lines.currency = organisation.base_currency
        then 1
        when lines.currency_rate > 0
        then lines.currency_rate
    end::decimal(18, 6) as currency_rate
from lines
left join
    {{ ref("stg_contacts") }} as contacts on lines.supplier_id = contacts.contact_id
left join settings as own on own.level = 'product' and lines.product_code = own.subject
left join
    settings as theirs
    on theirs.level = 'supplier'
    and lines.supplier_id = theirs.subject
left join settings as everybodys on everybodys.level = 'global'
cross join
    (
        select any_value(base_currency) as base_currency
        from {{ ref("stg_organisation") }}
    ) as organisation
order by lines.purchase_order_number, lines.line_number
