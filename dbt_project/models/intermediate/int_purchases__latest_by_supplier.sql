-- What was paid for a product last, by supplier, over all its lines on that document: a
-- bill before an order of the same day. Documents that give units away say no price.
with
    documents as (
        select
            product_code,
            supplier_id,
            'purchase_order' as source,
            order_date as purchase_date,
            purchase_order_id as document_id,
            currency,
            currency_rate,
            sum(line_amount)::double as amount,
            sum(quantity)::double as quantity
        from {{ ref("int_purchase_orders__lines") }}
        where supplier_id is not null
        group by all
        union all
        select
            product_code,
            supplier_id,
            'bill',
            bill_date,
            bill_id,
            currency,
            currency_rate,
            sum(line_amount)::double,
            sum(quantity)::double
        from {{ ref("int_bills__lines_that_count") }}
        where supplier_id is not null
        group by all
    )

select
    product_code,
    supplier_id,
    if(amount > 0, source, 'unknown') as source,
    if(
        amount > 0, try_cast(round(amount / quantity, 4) as decimal(18, 4)), null
    ) as unit_cost,
    currency,
    currency_rate,
    max(purchase_date) over (
        partition by product_code, supplier_id
    ) as last_purchase_date
from documents
qualify
    row_number() over (
        partition by product_code, supplier_id
        order by amount > 0 desc, purchase_date desc, source = 'bill' desc, document_id
    )
    = 1
