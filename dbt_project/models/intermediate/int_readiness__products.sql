-- What is wrong with a product that is planned. The money at stake is what it sold in
-- the last year, in base currency; not known where a rate is not.
with
    today as (select as_of_date from {{ ref("stg_as_of") }}),

    invoices as (select * from {{ ref("stg_invoices") }}),

    organisation as (
        select any_value(base_currency) as base_currency
        from {{ ref("stg_organisation") }}
    ),

    sold as (
        select
            lines.product_code,
            count(*) as sales_lines,
            sum(lines.quantity)::double as quantity,
            count(*) = count(
                {{
                    rate_to_base(
                        "invoices.currency",
                        "invoices.currency_rate",
                        "organisation.base_currency",
                    )
                }}
            ) as is_amount_known,
            sum(
                lines.quantity::double
                * lines.unit_price::double
                / {{
                    rate_to_base(
                        "invoices.currency",
                        "invoices.currency_rate",
                        "organisation.base_currency",
                    )
                }}
            ) as amount
        from {{ ref("int_sales__lines_that_count") }} as lines
        inner join invoices on lines.invoice_id = invoices.invoice_id
        cross join today
        cross join organisation
        where lines.demand_date > today.as_of_date - 365
        group by lines.product_code
    ),

    planned as (
        select
            products.*,
            items.purchase_unit_price < 0 or products.unit_cost < 0 as is_cost_negative,
            items.stock_on_hand,
            coalesce(suppliers.is_archived, false) as is_supplier_archived,
            count(*) over (
                partition by {{ code_as_seen("products.product_code") }}
            ) as codes_that_look_alike,
            count(*) over (
                partition by {{ folded_code("products.product_name") }}
            ) as products_of_the_name,
            coalesce(sold.sales_lines, 0) as sales_lines,
            coalesce(sold.quantity, 0) as quantity,
            case
                when sold.product_code is null
                then 0
                when sold.is_amount_known
                then sold.amount
            end as amount
        from {{ ref("products") }} as products
        inner join
            {{ ref("stg_products") }} as items on products.product_id = items.product_id
        left join
            {{ ref("suppliers") }} as suppliers
            on products.supplier_id = suppliers.supplier_id
        left join sold on products.product_code = sold.product_code
        where not products.is_discontinued and not products.is_unstocked
    ),

    problems as (
        select 'sold_but_not_tracked' as problem, *
        from planned
        where not is_tracked and sales_lines > 0
        union all
        select 'negative_cost', *
        from planned
        where is_tracked and is_cost_negative
        union all
        select 'missing_cost', *
        from planned
        where
            is_tracked and unit_cost_source = 'unknown' and is_cost_negative is not true
        union all
        select 'no_supplier', *
        from planned
        where is_tracked and supplier_id is null
        union all
        select 'duplicate_product_name', *
        from planned
        where product_name != '' and products_of_the_name > 1
        union all
        select 'near_duplicate_code', *
        from planned
        where codes_that_look_alike > 1
        union all
        select 'archived_supplier', *
        from planned
        where is_tracked and is_supplier_archived
        union all
        select
            'negative_stock',
            * replace(
                - stock_on_hand::double as quantity,
                - stock_on_hand::double
                * unit_cost::double
                / nullif(currency_rate, 0)::double as amount
            )
        from planned
        where is_tracked and stock_on_hand < 0
    )

select
    problem,
    product_id as record_id,
    product_code,
    product_name as name,
    if(problem = 'sold_but_not_tracked', sales_lines, 1) as occurrences,
    quantity,
    amount
from problems
