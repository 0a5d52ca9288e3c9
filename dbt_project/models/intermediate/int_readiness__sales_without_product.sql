-- Sales of the last year that are missing from demand: the line names no product, or a
-- code that no item of Xero has. One problem per invoice, however many lines. A line
-- without a product and a price is a text.
with
    names as (select * from {{ ref("int_products__named_by_lines") }}),

    unknown as (
        select names.item_id, names.code_on_line
        from names
        left join
            {{ ref("stg_products") }} as products
            on names.product_code = products.product_code
        where products.product_code is null
    ),

    organisation as (
        select any_value(base_currency) as base_currency
        from {{ ref("stg_organisation") }}
    ),

    invoices as (
        select documents.*
        from {{ ref("stg_invoices") }} as documents
        cross join {{ ref("stg_as_of") }} as today
        where
            documents.invoice_type = 'ACCREC'
            and documents.status
            in ('DRAFT', 'SUBMITTED', 'AUTHORISED', 'PAID', 'ARCHIVED')
            and documents.invoice_date > today.as_of_date - 365
    ),

    lines as (
        select lines.*
        from {{ ref("stg_invoice_lines") }} as lines
        left join
            unknown
            on lines.item_id is not distinct from unknown.item_id
            and lines.product_code = unknown.code_on_line
        where
            lines.quantity > 0
            and (
                unknown.code_on_line is not null
                or (lines.product_code is null and lines.unit_price != 0)
            )
    )

select
    'sale_without_product' as problem,
    lines.invoice_id as record_id,
    any_value(invoices.invoice_number) as document_number,
    any_value(invoices.contact_name) as name,
    count(*) as occurrences,
    sum(lines.quantity)::double as quantity,
    sum(
        lines.quantity::double
        * lines.unit_price::double
        / {{
            rate_to_base(
                "invoices.currency",
                "invoices.currency_rate",
                "organisation.base_currency",
            )
        }}
    ) as amount
from lines
inner join invoices on lines.invoice_id = invoices.invoice_id
cross join organisation
group by lines.invoice_id
