-- What each product sold in the last year, in base currency: unknown if an exchange
-- rate is missing.
with
    organisation as (
        select any_value(base_currency) as base_currency
        from {{ ref("stg_organisation") }}
    ),

    rated as (
        select
            lines.product_code,
            lines.quantity,
            lines.unit_price,
            {{
                rate_to_base(
                    "lines.currency",
                    "lines.currency_rate",
                    "organisation.base_currency",
                )
            }} as rate
        from {{ ref("int_sales__lines_that_count") }} as lines
        cross join {{ ref("stg_as_of") }} as today
        cross join organisation
        where lines.demand_date > today.as_of_date - 365
    )

select
    product_code,
    count(*) as sales_lines,
    sum(quantity)::double as quantity,
    if(
        count(*) = count(rate), sum(quantity::double * unit_price::double / rate), null
    ) as amount
from rated
group by product_code
