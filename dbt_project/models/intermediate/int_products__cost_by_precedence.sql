-- What a unit costs, in the currency of the supplier's orders: the setting, for the
-- product from this supplier before the product's own; else the item's purchase price,
-- which Xero keeps in base currency; else what was paid on the latest order or bill
-- that can be converted, a bill before an order of the same day.
-- Without the exchange rates to convert any, the cost is unknown.
with
    suppliers as (select * from {{ ref("int_suppliers__currency_and_rate") }}),

    organisation as (
        select coalesce(any_value(base_currency), '') as base_currency
        from {{ ref("stg_organisation") }}
    ),

    chosen as (
        select
            products.product_code,
            products.purchase_unit_price,
            organisation.base_currency,
            coalesce(
                nullif(suppliers.currency, ''), organisation.base_currency
            ) as currency,
            {{
                rate_to_base(
                    "suppliers.currency",
                    "suppliers.currency_rate",
                    "organisation.base_currency",
                )
            }} as supplier_rate,
            try_cast(
                coalesce(with_supplier.value, settings.value) as decimal(18, 4)
            ) as set_cost
        from {{ ref("stg_products") }} as products
        inner join
            {{ ref("int_products__supplier_by_precedence") }} as by_supplier
            on products.product_code = by_supplier.product_code
        left join suppliers on by_supplier.supplier_id = suppliers.supplier_id
        left join
            {{ ref("int_settings__of_products") }} as settings
            on settings.name = 'unit_cost'
            and products.product_code = settings.subject
        left join
            {{ ref("int_settings__of_products_by_supplier") }} as with_supplier
            on with_supplier.name = 'unit_cost'
            and products.product_code = with_supplier.product_code
            and by_supplier.supplier_id = with_supplier.supplier_id
        cross join organisation
    ),

    converted as (
        select
            paid.product_code,
            paid.source,
            paid.purchase_date,
            paid.document_number,
            paid.document_id,
            case
                when
                    coalesce(nullif(paid.currency, ''), chosen.base_currency)
                    = chosen.currency
                then paid.unit_cost
                else
                    paid.unit_cost
                    * chosen.supplier_rate
                    / {{
                        rate_to_base(
                            "paid.currency",
                            "paid.currency_rate",
                            "chosen.base_currency",
                        )
                    }}
            end as unit_cost
        from {{ ref("int_purchases__cost_by_document") }} as paid
        inner join chosen on paid.product_code = chosen.product_code
    ),

    latest as (
        select product_code, source, unit_cost
        from converted
        where try_cast(unit_cost as decimal(18, 4)) is not null
        qualify
            row_number() over (
                partition by product_code
                order by
                    purchase_date desc,
                    source = 'bill' desc,
                    document_number desc,
                    document_id
            )
            = 1
    )

select
    chosen.product_code,
    chosen.currency,
    chosen.supplier_rate::decimal(18, 6) as currency_rate,
    case
        when chosen.set_cost is not null
        then 'setting'
        when chosen.purchase_unit_price > 0 and chosen.supplier_rate is not null
        then 'item'
        else coalesce(latest.source, 'unknown')
    end as unit_cost_source,
    coalesce(
        try_cast(
            round(
                case
                    unit_cost_source
                    when 'setting'
                    then chosen.set_cost::double
                    when 'item'
                    then chosen.purchase_unit_price::double * chosen.supplier_rate
                    else latest.unit_cost
                end,
                4
            ) as decimal(18, 4)
        ),
        0
    ) as unit_cost
from chosen
left join latest on chosen.product_code = latest.product_code
