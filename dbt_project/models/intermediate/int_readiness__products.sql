-- Problems of planned products. The money at stake is what the product sold in the last
-- year, in base currency: unknown if an exchange rate is missing.
with
    planned as (
        select
            products.*,
            products.purchase_unit_price < 0
            or products.unit_cost < 0 as is_cost_negative,
            count(*) over (
                partition by {{ code_as_seen("products.product_code") }}
            ) as codes_that_look_alike,
            count(*) over (
                partition by {{ folded_code("products.product_name") }}
            ) as products_of_the_name,
            coalesce(sold.sales_lines, 0) as sales_lines,
            coalesce(sold.quantity, 0) as quantity,
            if(sold.product_code is null, 0, sold.amount) as amount
        from {{ ref("int_products__with_supplier_and_cost") }} as products
        left join
            {{ ref("int_sales__last_year_by_product") }} as sold
            on products.product_code = sold.product_code
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
