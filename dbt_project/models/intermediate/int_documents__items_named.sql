-- How many lines of each document name an item that Xero has, and how many an unknown
-- one.
with
    lines as (
        select invoice_id as record_id, item_id, product_code, quantity, unit_price
        from {{ ref("stg_invoice_lines") }}
        union all
        select credit_note_id, item_id, product_code, quantity, unit_price
        from {{ ref("stg_credit_note_lines") }}
        union all
        select purchase_order_id, item_id, product_code, quantity, unit_price
        from {{ ref("stg_purchase_order_lines") }}
    ),

    names as (
        select
            names.item_id,
            names.code_on_line,
            products.product_code is not null as is_of_an_item
        from {{ ref("int_products__named_by_lines") }} as names
        left join
            {{ ref("stg_products") }} as products
            on names.product_code = products.product_code
    )

select
    lines.record_id,
    count(*) filter (where names.is_of_an_item) as known_lines,
    sum(lines.quantity) filter (where names.is_of_an_item) as known_quantity,
    count(*) filter (where not names.is_of_an_item) as unknown_lines,
    sum(lines.quantity) filter (where not names.is_of_an_item) as unknown_quantity,
    sum(lines.quantity::double * lines.unit_price::double) filter (
        where not names.is_of_an_item
    ) as unknown_total
from lines
inner join
    names
    on lines.item_id is not distinct from names.item_id
    and lines.product_code = names.code_on_line
where lines.quantity > 0
group by lines.record_id
