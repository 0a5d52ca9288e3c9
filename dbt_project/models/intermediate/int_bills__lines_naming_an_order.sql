-- A bill carries an order's number if its own number or its reference is that number,
-- or has it as a word. If it names several orders, a line delivers the oldest one of
-- its product and supplier.
with
    bill_lines as (select * from {{ ref("int_bills__lines_that_count") }}),

    order_lines as (select * from {{ ref("int_purchase_orders__lines") }}),

    texts as (
        select distinct bill_id, unnest([bill_number, reference]) as carried
        from bill_lines
    ),

    words as (
        select bill_id, upper(trim(carried)) as word
        from texts
        union
        select bill_id, unnest(regexp_split_to_array(upper(carried), '[\s,;:()#]+'))
        from texts
    )

select
    bill_lines.bill_id,
    bill_lines.line_number,
    arg_min(
        order_lines.purchase_order_id,
        (order_lines.order_date, order_lines.purchase_order_number)
    ) as purchase_order_id
from words
inner join
    order_lines
    on words.word = upper(trim(order_lines.purchase_order_number))
    and words.word != ''
inner join
    bill_lines
    on words.bill_id = bill_lines.bill_id
    and order_lines.product_code = bill_lines.product_code
    and order_lines.supplier_id = bill_lines.supplier_id
group by all
