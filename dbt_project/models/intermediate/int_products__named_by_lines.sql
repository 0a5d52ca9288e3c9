-- A line's product is the item whose id it carries, whatever the item's code was on
-- that day; for an item that was deleted and made again, the new one. A line without a
-- known id names the item of its code, else the item that last had the code. If no item
-- had that exact code, case, spaces and the form of accents are ignored. A code that no
-- item ever had stays as it is.
with
    names as (
        select item_id, product_code
        from {{ ref("stg_invoice_lines") }}
        union
        select item_id, product_code
        from {{ ref("stg_credit_note_lines") }}
        union
        select item_id, product_code
        from {{ ref("stg_purchase_order_lines") }}
    ),

    products as (
        select
            product_id, product_code, {{ folded_code("product_code") }} as folded_code
        from {{ ref("stg_products") }}
    ),

    former as (select * from {{ ref("stg_former_products") }}),

    folded as (
        select folded_code, min(product_code) as product_code
        from products
        group by folded_code
    )

select
    names.item_id,
    names.product_code as code_on_line,
    coalesce(
        by_id.product_code,
        former_by_id.product_code,
        by_code.product_code,
        former_by_code.product_code,
        folded.product_code,
        names.product_code
    ) as product_code
from names
left join products as by_id on names.item_id = by_id.product_id
left join former as former_by_id on names.item_id = former_by_id.item_id
left join former as former_by_code on names.product_code = former_by_code.code_on_line
left join products as by_code on names.product_code = by_code.product_code
left join folded on {{ folded_code("names.product_code") }} = folded.folded_code
where names.product_code is not null
