-- What a piece costs, in the currency of the supplier's orders: the setting; else the
-- item's purchase price, which Xero
-- keeps in base currency; else the price of the latest order or bill line.
with
    suppliers as (select * from {{ ref("int_suppliers__currency_and_rate") }}),

    organisation as (
        select any_value(base_currency) as base_currency
        from {{ ref("stg_organisation") }}
    ),

    chosen as (
        select
            products.product_code,
            products.purchase_unit_price,
            by_supplier.* exclude (product_code),
            organisation.base_currency,
            coalesce(
                nullif(suppliers.currency, ''), organisation.base_currency, ''
            ) as currency,
            suppliers.currency_rate as supplier_rate,
            try_cast(settings.value as decimal(18, 4)) as set_cost
        from {{ ref("stg_products") }} as products
        inner join
            {{ ref("int_products__supplier_by_precedence") }} as by_supplier
            on products.product_code = by_supplier.product_code
        left join suppliers on by_supplier.supplier_id = suppliers.supplier_id
        left join
            {{ ref("stg_planning_settings") }} as settings
            on settings.level = 'product'
            and settings.name = 'unit_cost'
            and products.product_code = settings.subject
        cross join organisation
    ),

    rated as (
        select
            *,
            case
                when currency = coalesce(base_currency, '')
                then 1
                when supplier_rate > 0
                then supplier_rate
            end::decimal(18, 6) as currency_rate
        from chosen
    )

select
    product_code,
    currency,
    currency_rate,
    case
        when set_cost is not null
        then 'setting'
        when purchase_unit_price > 0 and currency_rate is not null
        then 'item'
        when ordered_price > 0 and ordered_currency = currency
        then 'purchase_order'
        when billed_price > 0 and billed_currency = currency
        then 'bill'
        else 'unknown'
    end as unit_cost_source,
    case
        unit_cost_source
        when 'setting'
        then set_cost
        when 'item'
        then round(purchase_unit_price::double * currency_rate::double, 4)
        when 'purchase_order'
        then ordered_price
        when 'bill'
        then billed_price
        else 0
    end::decimal(18, 4) as unit_cost
from rated
