-- An open order counts while its delivery date is empty or still to come. A late
-- order, its date past and nothing
-- received, does not count; it stays in the list, so that a person looks at it. Today
-- is the organisation's own.
with
    lines as (select * from {{ ref("int_purchase_orders__open_lines") }}),

    today as (select as_of_date from {{ ref("stg_as_of") }})

select
    lines.*,
    case
        when lines.delivery_date is null
        then 'no_delivery_date'
        when lines.delivery_date > today.as_of_date
        then 'delivery_date_ahead'
        else 'late'
    end as rule
from lines
cross join today
