-- What is on order counts for the products whose demand it serves: a bundle at its
-- parts, a product with a successor at the successor. The value of a line is shared by
-- the number of units.
with
    transfers as (
        select *, sum(units) over (partition by product_code) as units_of_all
        from {{ ref("stg_demand_transfers") }}
    )

select
    lines.* replace (
        coalesce(transfers.to_product, lines.product_code) as product_code,
        (lines.quantity * coalesce(transfers.units, 1))::decimal(18, 4) as quantity,
        (lines.ordered_quantity * coalesce(transfers.units, 1))::decimal(
            18, 4
        ) as ordered_quantity,
        (lines.billed_quantity * coalesce(transfers.units, 1))::decimal(
            18, 4
        ) as billed_quantity,
        lines.unit_price::double / coalesce(transfers.units_of_all, 1) as unit_price
    ),
    lines.product_code as ordered_product_code
from {{ ref("int_stock_on_order__in_xero_and_approved") }} as lines
left join transfers on lines.product_code = transfers.product_code
