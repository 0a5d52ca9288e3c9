with
    ours as (
        select
            product_code,
            date_trunc('month', demand_date)::date as month,
            sum(quantity) as demand_quantity,
            sum(sold_quantity) as sold_quantity
        from {{ ref("int_demand__netted_of_credits") }}
        group by all
    ),

    xeros as (
        select
            product_code,
            date_trunc('month', document_date)::date as month,
            sum(quantity) filter (where not is_credit) as invoiced_quantity,
            sum(quantity) filter (where is_voided) as voided_quantity,
            sum(quantity) filter (where is_credit) as credited_quantity
        from {{ ref("int_sales__lines_in_xero") }}
        group by all
    ),

    totals as (
        select
            product_code,
            month,
            coalesce(ours.demand_quantity, 0)::double as demand_quantity,
            coalesce(ours.sold_quantity, 0)::double as sold_quantity,
            coalesce(xeros.invoiced_quantity, 0)::double as xero_invoiced_quantity,
            coalesce(xeros.voided_quantity, 0)::double as xero_voided_quantity,
            coalesce(xeros.credited_quantity, 0)::double as xero_credited_quantity
        from ours
        full join xeros using (product_code, month)
    )

select *, demand_quantity - xero_invoiced_quantity as difference
from totals
order by product_code, month
