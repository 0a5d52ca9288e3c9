-- Lead times that are outliers among their supplier's. The logarithm of the days has a
-- modified z-score above 3.5 (Iglewicz and Hoaglin 1993: 0.6745 times its distance from
-- the median over the median absolute deviation) among up to seven deliveries before
-- and seven after it (Hampel's identifier); the days differ by a factor of three and by
-- a week. A product that always takes so long, in three receipts or more, is no
-- outlier.
with
    dated as (
        select *
        from {{ ref("int_receipts__dated") }}
        where lead_time_days between 1 and 728 and is_half
    ),

    deliveries as (
        select distinct
            supplier_id, purchase_order_id, bill_id, bill_date, lead_time_days
        from dated
    ),

    beside_others as (
        select
            *,
            count(*) over others as deliveries,
            median(ln(lead_time_days)) over others as middle,
            mad(ln(lead_time_days)) over others as deviation
        from deliveries
        window
            others as (
                partition by supplier_id
                order by bill_date, purchase_order_id, bill_id
                rows between 7 preceding and 7 following
            )
    ),

    far as (
        select supplier_id, purchase_order_id, bill_id
        from beside_others
        where
            deliveries >= 5
            and abs(ln(lead_time_days) - middle)
            > greatest(ln(3), 3.5 * deviation / 0.6745)
            and abs(lead_time_days - exp(middle)) >= 7
    ),

    products as (
        select
            product_code,
            supplier_id,
            count(*) as receipts,
            median(ln(lead_time_days)) as middle
        from dated
        group by product_code, supplier_id
    )

select distinct dated.purchase_order_id, dated.bill_id, dated.product_code
from dated
inner join
    far
    on dated.purchase_order_id = far.purchase_order_id
    and dated.bill_id = far.bill_id
inner join
    products
    on dated.product_code = products.product_code
    and dated.supplier_id is not distinct from products.supplier_id
where products.receipts < 3 or abs(ln(dated.lead_time_days) - products.middle) > ln(3)
