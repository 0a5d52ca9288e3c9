with
    sold as (
        select product_code, demand_date, sum(quantity)::double as quantity
        from {{ ref("int_demand__netted_of_credits") }}
        where quantity > 0
        group by product_code, demand_date
    ),

    out as (
        select
            product_code,
            unnest(generate_series(stock_date, until_date, interval 1 day))::date
            as demand_date
        from {{ ref("int_stock__rebuilt_backwards") }}
        where days_out > 0
    )

select
    product_code,
    demand_date,
    coalesce(sold.quantity, 0) as quantity,
    out.product_code is not null as is_stocked_out
from sold
full join out using (product_code, demand_date)
order by product_code, demand_date
