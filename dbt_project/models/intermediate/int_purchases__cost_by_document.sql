-- The unit cost of each product on each order and each bill, over all its lines
-- there: after discount, without included tax, free units included. A line
-- with a negative price lowers the amount and brings no units. A document with free
-- units only says no cost.
with
    documents as (
        select
            purchase_order_id as document_id,
            'purchase_order' as source,
            purchase_order_number as document_number,
            order_date as purchase_date,
            currency,
            currency_rate,
            line_amount_types
        from {{ ref("stg_purchase_orders") }}
        where status in ('DRAFT', 'SUBMITTED', 'AUTHORISED', 'BILLED')
        union all
        select
            invoice_id,
            'bill',
            invoice_number,
            invoice_date,
            currency,
            currency_rate,
            line_amount_types
        from {{ ref("stg_invoices") }}
        where
            invoice_type = 'ACCPAY'
            and status in ('AUTHORISED', 'PAID', 'ARCHIVED')
            and total != 0
    ),

    lines as (
        select
            * exclude (purchase_order_id),
            'purchase_order' as source,
            purchase_order_id as document_id
        from {{ ref("stg_purchase_order_lines") }}
        union all by name
        select * exclude (invoice_id), 'bill' as source, invoice_id as document_id
        from {{ ref("stg_invoice_lines") }}
    ),

    paid as (
        select
            documents.*,
            coalesce(names.product_code, lines.product_code) as product_code,
            if(lines.unit_price < 0, 0, lines.quantity)::double as quantity,
            {{ net_amount("lines", "documents") }} as amount
        from lines
        inner join
            documents
            on lines.source = documents.source
            and lines.document_id = documents.document_id
        left join
            {{ ref("int_products__named_by_lines") }} as names
            on lines.item_id is not distinct from names.item_id
            and lines.product_code = names.code_on_line
        where lines.product_code is not null
    )

select
    product_code,
    source,
    document_id,
    document_number,
    purchase_date,
    currency,
    currency_rate,
    sum(amount) / sum(quantity) as unit_cost
from paid
group by all
having sum(quantity) > 0 and sum(amount) > 0
