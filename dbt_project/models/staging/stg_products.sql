with
    source as (select * from {{ source("raw", "xero_items") }}),

    renamed as (
        select
            item_id as product_id,
            trim(code) as product_code,
            trim(name) as product_name,
            description,
            is_sold,
            is_purchased,
            is_tracked_as_inventory as is_tracked,
            quantity_on_hand as stock_on_hand,
            quantity_on_back_order as stock_on_back_order,
            total_cost_pool as stock_cost,
            purchase_unit_price,
            sales_unit_price,
            updated_at
        from source
    )

select *
from renamed
