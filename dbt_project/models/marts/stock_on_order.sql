select *
from {{ ref("int_stock_on_order__with_arrival_and_value") }}
order by purchase_order_number, line_number, product_code
