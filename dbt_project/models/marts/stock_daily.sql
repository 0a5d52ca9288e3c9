select
    product_code,
    stock_date,
    until_date,
    quantity_in::double as quantity_in,
    quantity_out::double as quantity_out,
    stock_on_hand::double as stock_on_hand,
    days_out
from {{ ref("int_stock__rebuilt_backwards") }}
order by product_code, stock_date
