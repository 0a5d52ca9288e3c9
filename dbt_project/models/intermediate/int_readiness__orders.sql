-- Order lines that a person should look at under the on-order rule in force: with the
-- units that are late and unbilled, or that count although they are billed.
with
    lines as (
        select purchase_order_number, line_number, purchase_order_id
        from {{ ref("int_purchase_orders__lines") }}
        where status != 'BILLED'
    ),

    exceptions as (
        select
            *,
            if(
                exception = 'late', ordered_quantity - billed_quantity, billed_quantity
            ) as units
        from {{ ref("int_stock_on_order__with_arrival_and_value") }}
        where exception in ('late', 'counted_although_billed')
    )

select
    if(
        exceptions.exception = 'late',
        'order_late_and_unbilled',
        'order_seems_delivered'
    ) as problem,
    lines.purchase_order_id
    || ' line '
    || exceptions.line_number
    || if(
        exceptions.ordered_product_code != exceptions.product_code,
        ' ' || exceptions.product_code,
        ''
    ) as record_id,
    lines.purchase_order_id as document_id,
    exceptions.product_code,
    exceptions.purchase_order_number as document_number,
    exceptions.supplier_name as name,
    1 as occurrences,
    exceptions.units as quantity,
    exceptions.value::double
    / nullif(exceptions.currency_rate, 0)::double
    * exceptions.units
    / exceptions.ordered_quantity as amount
from exceptions
inner join
    lines
    on exceptions.purchase_order_number = lines.purchase_order_number
    and exceptions.line_number = lines.line_number
where exceptions.units > 0
