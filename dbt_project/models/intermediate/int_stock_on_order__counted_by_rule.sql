-- By the rule `delivery_date`, an open order counts as long as its delivery date is
-- empty or in the future. A late order, its date past and nothing received, does not
-- count; it stays in the list, so that a person looks at it. By the stricter rule
-- `unbilled`, all units that no bill has delivered count, whatever the dates. Today is
-- the organisation's own. The rule is named here; which rules count is the column
-- `is_counted` of `int_stock_on_order__with_arrival_and_value`.
with
    lines as (select * from {{ ref("int_purchase_orders__open_lines") }}),

    billed as (
        select purchase_order_id, line_number, sum(quantity) as quantity
        from {{ ref("int_receipts__matched") }}
        group by all
    ),

    chosen as (
        select coalesce(any_value(value), 'delivery_date') = 'unbilled' as is_unbilled
        from {{ ref("int_settings__of_orders") }}
        where name = 'on_order_rule'
    ),

    today as (select as_of_date from {{ ref("stg_as_of") }})

select
    lines.* exclude (quantity),
    lines.quantity as ordered_quantity,
    coalesce(billed.quantity, 0) as billed_quantity,
    lines.quantity
    - if(chosen.is_unbilled, coalesce(billed.quantity, 0), 0) as quantity,
    case
        when chosen.is_unbilled and billed.quantity >= lines.quantity
        then 'billed'
        when chosen.is_unbilled
        then 'unbilled'
        when lines.delivery_date is null
        then 'no_delivery_date'
        when lines.delivery_date > today.as_of_date
        then 'delivery_date_ahead'
        else 'late'
    end as rule
from lines
left join
    billed
    on lines.purchase_order_id = billed.purchase_order_id
    and lines.line_number = billed.line_number
cross join chosen
cross join today
