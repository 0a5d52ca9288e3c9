-- Every line of every document, with the product that it names and whether an item
-- has it.
with
    lines as (
        select
            invoice_id as record_id,
            line_number,
            item_id,
            product_code,
            quantity,
            unit_price
        from {{ ref("stg_invoice_lines") }}
        union all
        select credit_note_id, line_number, item_id, product_code, quantity, unit_price
        from {{ ref("stg_credit_note_lines") }}
        union all
        select
            purchase_order_id, line_number, item_id, product_code, quantity, unit_price
        from {{ ref("stg_purchase_order_lines") }}
    ),

    names as (select * from {{ ref("int_products__named_by_lines") }}),

    products as (select product_code from {{ ref("stg_products") }})

select
    lines.record_id,
    lines.line_number,
    names.product_code,
    lines.quantity,
    lines.unit_price,
    products.product_code is not null as is_of_an_item
from lines
left join
    names
    on lines.item_id is not distinct from names.item_id
    and lines.product_code = names.code_on_line
left join products on names.product_code = products.product_code
