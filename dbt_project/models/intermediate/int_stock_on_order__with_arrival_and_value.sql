-- Each open line with its expected arrival, its value, whether it counts, and why a
-- person should look at it.
with
    lines as (select * from {{ ref("int_stock_on_order__at_parts") }}),

    lead_times as (
        select * from {{ ref("int_settings__of_orders") }} where name = 'lead_time_days'
    ),

    organisation as (
        select
            any_value(base_currency) as base_currency,
            any_value(short_code) as short_code
        from {{ ref("stg_organisation") }}
    )

select
    lines.purchase_order_number,
    lines.product_code,
    lines.quantity::double as quantity,
    coalesce(
        lines.expected_arrival_date,
        lines.delivery_date,
        lines.order_date + coalesce(
            of_both.value, own.value, of_group.value, theirs.value, everybodys.value
        )::integer
    )::date as expected_arrival_date,
    lines.rule not in ('late', 'billed', 'missing_in_xero') as is_counted,
    lines.rule,
    lines.line_number,
    lines.status,
    lines.supplier_id,
    coalesce(contacts.contact_name, lines.document_name, '') as supplier_name,
    lines.order_date,
    lines.delivery_date,
    {{ money("lines.quantity::double * coalesce(lines.unit_price, 0)::double") }}
    as value,
    lines.currency,
    {{
        rate_to_base(
            "lines.currency", "lines.currency_rate", "organisation.base_currency"
        )
    }}::decimal(18, 6) as currency_rate,
    lines.ordered_quantity::double as ordered_quantity,
    lines.billed_quantity::double as billed_quantity,
    case
        when lines.rule in ('late', 'missing_in_xero')
        then lines.rule
        when lines.rule != 'unbilled' and is_counted and lines.billed_quantity > 0
        then 'counted_although_billed'
    end as exception,
    lines.ordered_product_code,
    lines.purchase_order_id,
    {{
        xero_link(
            "organisation.short_code",
            "/Accounts/Payable/PurchaseOrders/View/",
            "lines.purchase_order_id",
        )
    }} as xero_link,
    coalesce(lines.expected_arrival_date, lines.delivery_date)
    is null as is_arrival_assumed
from lines
left join
    {{ ref("stg_contacts") }} as contacts on lines.supplier_id = contacts.contact_id
left join
    {{ ref("int_settings__of_products_by_supplier") }} as of_both
    on of_both.name = 'lead_time_days'
    and lines.ordered_product_code = of_both.product_code
    and lines.supplier_id = of_both.supplier_id
left join
    lead_times as own
    on own.level = 'product'
    and lines.ordered_product_code = own.subject
left join
    {{ ref("int_settings__of_groups") }} as of_group
    on of_group.name = 'lead_time_days'
    and lines.ordered_product_code = of_group.product_code
left join
    lead_times as theirs
    on theirs.level = 'supplier'
    and lines.supplier_id = theirs.subject
left join lead_times as everybodys on everybodys.level = 'global'
cross join organisation
